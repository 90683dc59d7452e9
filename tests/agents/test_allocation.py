import platform
import subprocess
import sys

import pytest

CHURN = """
import resource, sys, torch
from nashlens.agents import allocation
if sys.argv[1] == "keep":
    assert allocation.keep_freed_memory()
faults = []
for _ in range(20):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = torch.empty(12_000_000).fill_(1.0)
    del block
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(sum(faults[10:]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator has this setting")
def test_freed_memory_is_not_asked_for_again():
    # Blocks of 48 MB are above the size that glibc learns to keep by itself (32 MB). Left alone, every one of the last
    # ten is new: at least one fault for every 2 MB, the largest page. Kept, they are not.
    def faults(mode):
        done = subprocess.run([sys.executable, "-c", CHURN, mode], check=True, capture_output=True, text=True)
        return int(done.stdout)

    assert faults("leave") >= 10 * 48 / 2
    assert faults("keep") < 10 * 48 / 2
