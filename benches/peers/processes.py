"""Starts and measures processes. Everything is read from /proc, so it needs Linux."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
START_TIMEOUT = 60
STOP_TIMEOUT = 20


class MeasureError(Exception):
    """Something that a person must correct before there are figures."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Process:
    """A process on one core, in a group of its own, with its output in a file."""

    def __init__(self, command, core, log, env=None, cwd=None):
        self.log = Path(log)
        self.command = command
        with open(self.log, "wb") as output:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True,
                preexec_fn=(lambda: os.sched_setaffinity(0, {core})) if core is not None else None)

    def wait_for(self, port):
        """Waits until the process accepts connections."""
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        output = self.log.read_text(errors="replace")[-2000:]
        raise MeasureError(f"{self.command[0]} does not listen on port {port}. Its output:\n{output}")

    def tree(self):
        """The process and all its descendants."""
        found, ahead = [], [self.child.pid]
        while ahead:
            pid = ahead.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    ahead += [int(child) for child in children.read_text().split()]
                except OSError:
                    pass  # The thread has ended.
        return found

    def cpu_seconds(self):
        """User and system time of the tree, with that of children that have ended."""
        ticks = 0
        for pid in self.tree():
            # The name may contain spaces; the fields 14 to 17 are counted after it.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
        return ticks / TICKS_PER_SECOND

    def resident_bytes(self):
        """Resident memory of the tree. Pages that two of its processes share count twice."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.tree())
        return pages * PAGE_BYTES

    def stop(self):
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGTERM)
            try:
                self.child.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()


def run_pinned(command, core):
    """Runs a command on one core, and returns what it prints."""
    ended = subprocess.run(
        [*map(str, command)], capture_output=True, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    if ended.returncode != 0:
        raise MeasureError(f"{command[0]}: {ended.stderr.strip()}")
    return ended.stdout


def run_load(program, core, *words):
    """Runs `bench-load` on one core, and returns what it prints."""
    return json.loads(run_pinned([program, *words], core))


def status_of(port, message):
    """Sends one request and returns the status of the response."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.settimeout(30)
        connection.sendall(message)
        head = b""
        while b"\r\n" not in head:
            received = connection.recv(65536)
            if not received:
                raise MeasureError(f"the connection ended before a response: {head[:200]}")
            head += received
    return int(head.split(b" ", 2)[1])
