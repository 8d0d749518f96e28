"""Start a step as it has to be started: what must be set before the process begins.

    python -m priorbench.launch DEVICE THREADS MODULE [ARGUMENT ...]

The allocator settings keep large tensors from going back to the system at every step (1.4 to
2.4 times faster on a CPU); they change no arithmetic. The step replaces this process, or is
done by the warm one of the run (priorbench/warm.py).
"""

import os
import sys

from priorbench.devices import gpus, resolve, take
from priorbench.errors import Explained
from priorbench.warm import become

ENVIRONMENT = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "100000000000",
    "MALLOC_TOP_PAD_": "67108864",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}


def main(device: str, threads: str, module: str, *arguments: str) -> None:
    """Set the environment, take a GPU where one is asked for, and become the step."""
    environment = {**os.environ, **ENVIRONMENT}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = threads
    if device == "cuda":
        with Explained(module):
            resolve(device)
            environment["CUDA_VISIBLE_DEVICES"], _ = take(gpus())
    elif threads == "1":
        become(module, list(arguments), environment)
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
