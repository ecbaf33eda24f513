"""What results say about the machine."""

import os
import platform
from pathlib import Path


def machine():
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    load = os.getloadavg()[0]
    return (f"{os.cpu_count()} processors ({model}), {platform.system()} {platform.release()}, "
            f"load average {load:.1f} at the start")
