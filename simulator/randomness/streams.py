"""The registry of random streams: every independent use of chance has a name here.

A stream's number is part of every key, so numbers are never changed or reused: append only. A golden test locks them.
"""

from __future__ import annotations

from enum import IntEnum


class Stream(IntEnum):
    """Names of the streams; the value is mixed into the key of every draw."""

    # the world, drawn once per customer, store or rep
    SEGMENT = 1
    RATE = 2
    POSITION = 3
    SOURCE = 4
    TASTE = 5
    PRICE_SENSITIVITY = 6
    FAVOURITE = 7
    STORE = 8
    NETWORK = 9
    REP = 10
    STORE_SERVICE = 11
    TASTE_FIT = 12
    # the calendar, keyed by trip ordinal
    CALENDAR = 20
    # one shopping trip, keyed by trip ordinal
    TRIP = 21
    CHOICE = 22
    OUT_OF_STOCK = 23
    LOOK = 24
    EXPERIENCE = 25
    SERVICE = 26
    # what follows a purchase, keyed by day
    VOICE = 30
    CARE = 31
    TALK = 32
    FRIEND = 33
    # how one customer takes one change, keyed by the change
    APPEAL = 40
    AWARENESS = 41
    CAMPAIGN = 42
    # shelves, keyed by day
    DELIVERY = 50
    SHELVING = 51
    RECORDS = 52
    STOCKOUT_EVENT = 53
    ROLLOUT = 54
    # reps, keyed by week
    REP_TURNOVER = 60
    REP_VISIT = 61
    BRIEFING = 62
    # drawn at the start of a run
    INITIAL_STATE = 70
    TASTE_DRIFT = 71
    # appended
    PRICE_NOTICE = 72
    CURIOSITY = 73
    FORECAST = 74
    INCIDENCE = 75
    MEETING = 76
    RECIPE = 77
    ENROLMENT = 78
    MENDED = 79
    ATTENTION = 80
    ACQUAINTANCE = 81
    # people: staff, reps and their accounts, distributors, consultation
    STAFF = 100
    KNOWN_STAFF = 101
    SUCCESSOR = 102
    ACCOUNT = 103
    HANDED_OVER = 104
    RELATION = 105
    CONSULTATION = 106
