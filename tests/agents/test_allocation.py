import platform
import resource
import subprocess
import sys

import pytest

CHURN = """
import resource, sys, torch
from nashlens.agents import allocation
if sys.argv[1] == "keep":
    assert allocation.keep_freed_memory()
for _ in range(200):
    torch.zeros(2_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator has this setting")
def test_freed_memory_is_not_asked_for_again():
    # 200 blocks of 8 MB: 2,000 pages of 4 KiB each if every block is new, against one block's if it is kept.
    def faults(mode):
        done = subprocess.run([sys.executable, "-c", CHURN, mode], check=True, capture_output=True, text=True)
        return int(done.stdout)

    page = resource.getpagesize()
    assert faults("leave") - faults("keep") > 100 * 8_000_000 / page
