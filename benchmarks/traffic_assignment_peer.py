"""The peer's side of `traffic_assignment`, run by the peer's own Python: AequilibraE's bi-conjugate Frank-Wolfe.

Reads a network and its trips (arrays of `.npz`), writes flows, and the processor's seconds that the solve alone took.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from aequilibrae.matrix import AequilibraeMatrix
from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

MOST_TURNS = 20_000


def main(source: str, target: str, gap: float) -> None:
    """Assign what `source` holds to a gap by the peer's own reckoning."""
    given = np.load(source)
    links, zones = len(given["tail"]), int(given["zones"])
    network = pd.DataFrame(
        {
            "link_id": np.arange(1, links + 1), "a_node": given["tail"] + 1, "b_node": given["head"] + 1,
            "direction": np.ones(links, int), "capacity": given["capacity"], "time": given["time"],
            "b": given["b"], "power": given["power"], "fixed": given["fixed"],
        }
    )  # fmt: skip
    graph = Graph()
    graph.network = network
    graph.prepare_graph(np.arange(1, zones + 1))
    graph.set_graph("time")
    graph.set_blocked_centroid_flows(bool(given["blocked"]))
    matrix = AequilibraeMatrix()
    matrix.create_empty(zones=zones, matrix_names=["trips"], memory_only=True)
    matrix.index[:] = np.arange(1, zones + 1)
    matrix.matrices[:, :, 0] = given["trips"]
    matrix.computational_view(["trips"])
    cars = TrafficClass("cars", graph, matrix)
    if given["fixed"].any():
        cars.set_fixed_cost("fixed", 1.0)
        cars.set_vot(1.0)
    assignment = TrafficAssignment()
    assignment.set_classes([cars])
    assignment.set_vdf("BPR")
    assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
    assignment.set_capacity_field("capacity")
    assignment.set_time_field("time")
    assignment.set_algorithm("bfw")
    assignment.set_cores(1)
    assignment.max_iter, assignment.rgap_target = MOST_TURNS, gap
    began = time.process_time()
    assignment.execute(log_specification=False)
    seconds = time.process_time() - began
    flow = assignment.results().sort_index()["trips_ab"].to_numpy()
    np.savez(target, flow=flow, seconds=seconds)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
