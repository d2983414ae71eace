"""Who knows whom: symmetric, homophilous, clustered; or a real graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from world_market import build, market, network

from simulator.world import WorldError
from simulator.world.edges import network_from_edges, read_edges
from simulator.world.network import assortativity, clustering, tie_up

GRAPH = Path(__file__).resolve().parents[2] / "shared" / "data" / "facebook_combined_edges.txt"


def ties(net):
    owner = np.repeat(np.arange(net.indptr.shape[0] - 1), np.diff(net.indptr))
    return owner, net.friends


def assert_sound(net, customers):
    owner, friends = ties(net)
    assert net.indptr.shape == (customers + 1,)
    assert net.indptr[-1] == friends.shape[0]
    assert (owner != friends).all()
    there = np.sort(owner.astype(np.int64) * customers + friends)
    back = np.sort(friends.astype(np.int64) * customers + owner)
    assert np.array_equal(there, back)
    assert np.unique(there).shape == there.shape
    assert (net.close <= np.diff(net.indptr)).all()


@pytest.mark.parametrize("customers", [1, 2, 3, 7, 12, 200, 5_000])
@pytest.mark.parametrize(("close", "wider"), [(4, 6), (5, 10), (3, 7), (0, 0)])
def test_friendship_is_mutual_and_nobody_befriends_themselves_or_anyone_twice(customers, close, wider):
    world = build(market(network=network(close_ties=close, wider_ties=wider)), customers=customers)
    assert_sound(world.network, customers)


@pytest.mark.parametrize(("close", "wider"), [(4, 6), (5, 10), (3, 7)])
def test_customers_have_as_many_friends_as_stated(close, wider):
    net = build(market(network=network(close_ties=close, wider_ties=wider))).network
    assert np.diff(net.indptr).mean() == pytest.approx(close + wider, rel=0.01)
    assert net.close.mean() == pytest.approx(close, rel=0.01)


def test_close_ties_come_first_and_are_mutual():
    net = build(customers=3_000).network
    near = {(i, int(j)) for i in range(3_000) for j in net.friends[net.indptr[i] : net.indptr[i] + net.close[i]]}
    assert near == {(j, i) for i, j in near}
    for i in range(3_000):
        middle = net.indptr[i] + net.close[i]
        assert (np.diff(net.friends[net.indptr[i] : middle]) > 0).all()
        assert (np.diff(net.friends[middle : net.indptr[i + 1]]) > 0).all()


@pytest.mark.parametrize("homophily", [0.0, 0.3, 0.6])
def test_share_of_ties_within_the_segment_above_chance_is_the_homophily(homophily):
    """100,000 ties: standard error .003; .03 allows for runs of alike neighbours on the ring."""
    world = build(market(network=network(homophily=homophily)))
    assert assortativity(world.network, world.customers.segment) == pytest.approx(homophily, abs=0.03)


def test_friends_of_friends_are_friends_far_more_often_than_in_a_random_network():
    world = build()
    sample = np.arange(0, world.size, 100)
    small = clustering(world.network, sample)
    wild = build(market(network=network(rewiring=1.0, close_ties=0, wider_ties=10)))
    assert small > 0.3
    assert clustering(wild.network, sample) < 0.02


def test_rewiring_shortens_the_way_between_people():
    def reached(rewiring: float, steps: int) -> float:
        net = build(market(network=network(rewiring=rewiring)), customers=5_000).network
        seen = np.zeros(5_000, bool)
        seen[17] = True
        for _ in range(steps):
            for i in np.flatnonzero(seen):
                seen[net.friends[net.indptr[i] : net.indptr[i + 1]]] = True
        return float(seen.mean())

    assert reached(0.3, 5) > 3 * reached(0.0, 5)


def test_repeated_ties_merge_and_close_wins():
    first, second = np.array([0, 1, 0, 2], np.int32), np.array([1, 0, 2, 2], np.int32)
    indptr, friends, close = tie_up(first, second, np.array([0, 1, 0, 1], np.uint8), 3)
    assert indptr.tolist() == [0, 2, 3, 4]
    assert friends.tolist() == [1, 2, 0, 0]
    assert close.tolist() == [1, 1, 0]


@pytest.mark.skipif(not GRAPH.is_file(), reason="the real friendship graph is not beside this checkout")
def test_a_real_graph_keeps_its_degrees_in_every_copy():
    first, second, nodes = read_edges(GRAPH)
    assert (nodes, first.shape[0]) == (4_039, 88_234)
    degree = np.bincount(np.concatenate((first, second)), minlength=nodes)
    customers = 2 * nodes
    world = build(market(network=network(edges=GRAPH)), customers=customers)
    assert_sound(world.network, customers)
    mine = np.diff(world.network.indptr)[np.argsort(world.customers.uid)]
    assert np.array_equal(mine, np.tile(degree, 2))
    assert np.array_equal(world.network.close, np.minimum(np.diff(world.network.indptr), 4))


@pytest.mark.skipif(not GRAPH.is_file(), reason="the real friendship graph is not beside this checkout")
def test_fewer_customers_than_nodes_keep_the_friendships_among_themselves():
    first, second, _ = read_edges(GRAPH)
    net = network_from_edges(GRAPH, 1_000, close_ties=5)
    assert_sound(net, 1_000)
    assert net.friends.shape[0] == 2 * ((first < 1_000) & (second < 1_000)).sum()


def test_close_ties_of_a_real_graph_are_those_with_most_shared_friends():
    # 0 and 1 share 2 and 3; 0 and 4 share nobody
    first, second = np.array([0, 0, 0, 0, 1, 1]), np.array([4, 1, 2, 3, 2, 3])
    net = network_from_edges((first, second), 5, close_ties=1)
    assert net.friends[net.indptr[0]] == 1
    assert net.close.tolist() == [1, 1, 1, 1, 1]


def test_edge_lists_with_names_commas_headers_and_weights_are_read(tmp_path):
    file = tmp_path / "friends.csv"
    file.write_text("# who knows whom\nfrom,to,weight\nann,bob,3\nbob,cid,1\n\n", encoding="utf-8")
    first, second, nodes = read_edges(file)
    assert (first.tolist(), second.tolist(), nodes) == ([0, 1], [1, 2], 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"0 1\n1 2\n3\n", r"bad\.txt:3: '3' is not a pair of nodes"),
        (b"0 1\n0 1 2 3\n", r"bad\.txt:2: '0 1 2 3' is not a pair of nodes"),
        (b"# nothing\n", r"holds no edges"),
        (b"\xff\xfe0 1\n", r"is not UTF-8 text"),
    ],
)
def test_bad_edge_lists_are_refused_with_the_place(tmp_path, content, message):
    file = tmp_path / "bad.txt"
    file.write_bytes(content)
    with pytest.raises(WorldError, match=message):
        network_from_edges(file, 10, close_ties=2)


def test_a_missing_edge_list_or_a_folder_is_refused(tmp_path):
    with pytest.raises(WorldError, match="does not exist"):
        build(market(network=network(edges=tmp_path / "nobody.csv")), customers=10)
    with pytest.raises(WorldError, match="is a folder"):
        build(market(network=network(edges=tmp_path)), customers=10)
