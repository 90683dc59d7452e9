import platform
import subprocess
import sys

import pytest

CHURN = """
import resource, sys, torch
from nashlens.agents import allocation
if sys.argv[1] == "keep":
    assert allocation.keep_freed_memory()
counts = []
for _ in range(3):
    counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    for _ in range(5):
        torch.ones(12_000_000)
print(counts[2] - counts[1])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator has this setting")
def test_freed_memory_is_not_asked_for_again():
    # Blocks of 48 MB are above the size that glibc learns to keep by itself (32 MB): left alone, every one is new.
    def faults(mode):
        done = subprocess.run([sys.executable, "-c", CHURN, mode], check=True, capture_output=True, text=True)
        return int(done.stdout)

    assert faults("keep") < 0.8 * faults("leave")
