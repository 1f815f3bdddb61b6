"""A phase diagram on a Dask cluster: ``python examples/sweep_on_dask.py [STORE]``.

With a STORE, a directory, the sweep can be interrupted and called again.
"""

import sys

from dask.distributed import Client, LocalCluster

from benign_osc_lib.sweeps import sweep


def main(store=None):
    """Accuracy on weak points over κ and ν."""
    # Two processes on this machine. A real cluster is the same program with this line changed to
    #   cluster = SLURMCluster(cores=8, processes=8, memory="16GB"); cluster.scale(jobs=20)
    # (from dask_jobqueue), or with Client(cluster) as Client("tcp://scheduler.example:8786").
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        result = sweep(
            {"kappa": [0.3, 0.6, 0.9, 1.2], "nu": [0.01, 0.04, 0.16], "epochs": 50},
            seeds=range(10),
            store=store,
            executor=client.get_executor(),
            block_size=20,
        )
    print("accuracy on weak points, mean over the seeds")
    print(result.accuracy_weak.mean("seed").to_pandas().round(2))


if __name__ == "__main__":  # the workers import this file
    main(*sys.argv[1:2])
