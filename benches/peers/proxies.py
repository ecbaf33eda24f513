"""How each proxy is found, configured and started. Each has one worker, logs no requests, keeps
its connections on both sides, and does not validate responses where that can be switched off."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import workload

HERE = Path(__file__).resolve().parent


class NotInstalled(Exception):
    """The program of a peer is missing; the text says what to install."""


@dataclass
class Setup:
    """What a proxy is configured with."""
    folder: Path
    installed: Path
    listen: int
    spare: int
    upstream: int

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return str(file)

    def program(self, *candidates):
        """The first candidate that exists: a path below the folder of `install`, or a program on
        PATH."""
        for candidate in candidates:
            path = self.installed / candidate
            if path.is_file():
                return str(path)
            found = shutil.which(candidate)
            if found:
                return found
        raise NotInstalled(f"{candidates[-1]} is neither in {self.installed} nor on PATH")


@dataclass
class StartedBy:
    """The command of a proxy, and its version."""
    command: list
    version: str
    env: dict = field(default_factory=dict)
    cwd: Path | None = None


@dataclass
class Peer:
    name: str
    title: str
    validates: bool
    prepare: object


def version_text(command, env=None):
    ended = subprocess.run(command, capture_output=True, text=True,
                           env={**os.environ, **(env or {})})
    found = re.search(r"\d+\.\d+(\.\d+)?", ended.stdout + ended.stderr)
    return found.group() if found else "unknown"


def debian_env(setup):
    """Where the libraries are that `install` unpacked."""
    return {"LD_LIBRARY_PATH": str(setup.installed / "debian/usr/lib/x86_64-linux-gnu")}


def nginx(setup, listen="", server=""):
    """`listen` are further words of the directive, and `server` further directives."""
    program, env = setup.program("debian/usr/sbin/nginx", "nginx"), debian_env(setup)
    temporary = "".join(f"{name}_temp_path {setup.folder}/{name};\n"
                        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = setup.write("nginx.conf", f"""
worker_processes 1;
daemon off;
master_process off;
pid {setup.folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    {temporary}
    access_log off;
    keepalive_requests 1000000000;
    client_max_body_size 64m;
    client_body_buffer_size 64k;
    upstream orders {{
        server 127.0.0.1:{setup.upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{setup.listen} {listen};
        {server}
        location / {{
            proxy_pass http://orders;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
""")
    return StartedBy([program, "-e", "stderr", "-c", config], version_text([program, "-v"], env), env)


def haproxy(setup):
    program, env = setup.program("debian/usr/sbin/haproxy", "haproxy"), debian_env(setup)
    config = setup.write("haproxy.cfg", f"""
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend front
    bind 127.0.0.1:{setup.listen}
    default_backend orders
backend orders
    server orders 127.0.0.1:{setup.upstream} pool-max-conn 256
""")
    return StartedBy([program, "-db", "-f", config], version_text([program, "-v"], env), env)


def envoy(setup):
    program = setup.program("envoy")
    config = setup.write("envoy.yaml", f"""
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {setup.listen} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          route_config:
            virtual_hosts:
            - name: orders
              domains: ["*"]
              routes:
              - match: {{ prefix: / }}
                route: {{ cluster: orders }}
  clusters:
  - name: orders
    type: STATIC
    load_assignment:
      cluster_name: orders
      endpoints:
      - lb_endpoints:
        - endpoint:
            address: {{ socket_address: {{ address: 127.0.0.1, port_value: {setup.upstream} }} }}
""")
    command = [program, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error",
               "-c", config]
    return StartedBy(command, version_text([program, "--version"]))


def api_firewall(setup):
    program = setup.program("api-firewall")
    env = {
        "APIFW_MODE": "PROXY",
        "APIFW_URL": f"http://127.0.0.1:{setup.listen}",
        "APIFW_HEALTH_HOST": f"127.0.0.1:{setup.spare}",
        "APIFW_SERVER_URL": f"http://127.0.0.1:{setup.upstream}",
        "APIFW_API_SPECS": str(workload.CONTRACT),
        "APIFW_REQUEST_VALIDATION": "BLOCK",
        "APIFW_RESPONSE_VALIDATION": "DISABLE",
        "APIFW_LOG_LEVEL": "ERROR",
    }
    version = setup.installed / "api-firewall.version"
    return StartedBy([program], version.read_text().strip() if version.exists() else "unknown", env)


def node_version(setup, package):
    manifest = setup.installed / "node/node_modules" / package / "package.json"
    if not manifest.exists():
        raise NotInstalled(f"the npm package {package} is not in {setup.installed}/node")
    return re.search(r'"version":\s*"([^"]+)"', manifest.read_text()).group(1)


def node_service(script, package):
    def prepare(setup):
        version = node_version(setup, package)
        env = {
            "NODE_ENV": "production",
            "LISTEN": str(setup.listen),
            "UPSTREAM": str(setup.upstream),
            "CONTRACT": str(workload.CONTRACT),
        }
        # Scripts resolve packages from where they are, so they run next to the packages.
        folder = setup.installed / "node"
        for file in (HERE / "validators").glob("*.mjs"):
            shutil.copy(file, folder)
        return StartedBy([setup.program("node"), script], version, env, folder)
    return prepare


def prism(setup):
    version = node_version(setup, "@stoplight/prism-cli")
    command = [setup.program("node"), str(setup.installed / "node/node_modules/.bin/prism"), "proxy",
               "--errors", "--host", "127.0.0.1", "--port", str(setup.listen),
               "--multiprocess", "false", "--verboseLevel", "silent",
               str(workload.CONTRACT), f"http://127.0.0.1:{setup.upstream}"]
    return StartedBy(command, version, {"NODE_ENV": "production"})


def portcullis(program, sections=""):
    def prepare(setup):
        if not Path(program).exists():
            raise NotInstalled(f"{program} does not exist; build it, or name it with --portcullis")
        config = workload.portcullis_config(setup.folder, setup.listen, setup.spare, setup.upstream,
                                            sections=sections)
        command = [str(program), "serve", "--config", str(config)]
        return StartedBy(command, version_text([str(program), "--version"]))
    return prepare


def bare_relay(program):
    def prepare(setup):
        if not Path(program).exists():
            raise NotInstalled(f"{program} does not exist")
        command = [str(program), f"127.0.0.1:{setup.listen}", f"127.0.0.1:{setup.upstream}"]
        return StartedBy(command, "this tree")
    return prepare


PEERS = [
    Peer("nginx", "nginx", False, nginx),
    Peer("haproxy", "HAProxy", False, haproxy),
    Peer("envoy", "Envoy", False, envoy),
    Peer("api-firewall", "wallarm/api-firewall", True, api_firewall),
    Peer("express", "express-openapi-validator", True,
         node_service("express.mjs", "express-openapi-validator")),
    Peer("openapi-backend", "openapi-backend", True,
         node_service("openapi-backend.mjs", "openapi-backend")),
    Peer("prism", "Prism (validates responses, too)", True, prism),
]
