"""What people see: the first screen, the pictures and the page, all from one comparison."""
