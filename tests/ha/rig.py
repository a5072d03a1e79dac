"""Starts mosquitto, the simulator and Home Assistant for `up`, and onboards the latter."""
import argparse
import asyncio
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import aiohttp

HERE = Path(__file__).parent
CLIENT_ID = "http://127.0.0.1/"
USER = {"name": "Wattwright", "username": "wattwright", "password": "wattwright-test", "language": "en"}
READY_ENTITY = "sensor.solarflow_800_electric_level"


def log(text):
    print(f"rig: {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def usable(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def alive(directory, name):
    """PID of the named process when it runs and is this directory's."""
    try:
        pid = int((directory / "run" / f"{name}.pid").read_text())
        return pid if str(directory).encode() in Path(f"/proc/{pid}/cmdline").read_bytes() else None
    except (OSError, ValueError):
        return None


def spawn(directory, name, argv):
    with open(directory / "log" / f"{name}.log", "ab") as out:
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=directory)
    (directory / "run" / f"{name}.pid").write_text(str(p.pid))
    return p


def run_hass(config):
    """Home Assistant exits with 100 to ask for a restart; a supervisor such as this loop grants it."""
    child = None

    def stop(*_):
        if child:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    while True:
        child = subprocess.Popen([str(Path(sys.executable).parent / "hass"), "--config", config, "--skip-pip"])
        code = child.wait()
        if code != 100:
            sys.exit(code)


def keep(directory, pid):
    """Stops everything when the process `pid` has ended, however it ended."""
    try:
        select.select([os.pidfd_open(pid)], [], [])
    except ProcessLookupError:
        pass
    subprocess.run([str(HERE / "down"), str(directory)], check=False)


def write_config(directory, port, mqtt_port):
    config = directory / "config"
    config.mkdir(exist_ok=True)
    (config / "configuration.yaml").write_text((HERE / "configuration.yaml").read_text().replace("@PORT@", str(port)))
    storage = config / ".storage"
    storage.mkdir(exist_ok=True)
    if not (storage / "onboarding").exists():
        # The other onboarding steps would set up integrations that need the internet.
        (storage / "onboarding").write_text(json.dumps({"version": 4, "minor_version": 1, "key": "onboarding",
                                                        "data": {"done": ["core_config", "integration", "analytics"]}}))
    entries = storage / "core.config_entries"
    if entries.exists():                                    # the broker's port may have changed
        data = json.loads(entries.read_text())
        for entry in data["data"]["entries"]:
            if entry["domain"] == "mqtt":
                entry["data"]["port"] = mqtt_port
        entries.write_text(json.dumps(data))
    (directory / "mosquitto.conf").write_text(f"listener {mqtt_port} 127.0.0.1\nallow_anonymous true\npersistence false\n")


async def wait_for(what, check, seconds, process=None):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process and process.poll() is not None:
            raise SystemExit(f"rig: process ended with {process.returncode} while waiting for {what}; see the log folder")
        try:
            if (result := await check()) is not None:
                return result
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
            pass
        await asyncio.sleep(0.1)
    raise SystemExit(f"rig: gave up waiting for {what}; see the log folder")


async def onboard(session, url):
    """Creates the owner (the one onboarding step left); returns a long-lived token."""
    async def post(path, token=None, **kwargs):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with session.post(url + path, headers=headers, **kwargs) as r:
            r.raise_for_status()
            return await r.json()

    async with session.get(url + "/api/onboarding") as r:
        done = {s["step"]: s["done"] for s in await r.json()}
    if done["user"]:
        raise SystemExit("rig: onboarded, but the token file is gone; run down --wipe first")
    code = (await post("/api/onboarding/users", json={**USER, "client_id": CLIENT_ID}))["auth_code"]
    token = (await post("/auth/token", data={"grant_type": "authorization_code", "code": code, "client_id": CLIENT_ID}))["access_token"]
    async with session.ws_connect(url + "/api/websocket") as ws:
        await ws.receive_json()
        await ws.send_json({"type": "auth", "access_token": token})
        await ws.receive_json()
        await ws.send_json({"id": 1, "type": "auth/long_lived_access_token", "client_name": "wattwright", "lifespan": 3650})
        return (await ws.receive_json())["result"]


async def add_mqtt(session, url, token, mqtt_port):
    headers = {"Authorization": f"Bearer {token}"}
    flows = url + "/api/config/config_entries/flow"
    async with session.post(flows, headers=headers, json={"handler": "mqtt"}) as r:
        flow = await r.json()
    if flow["type"] == "abort":                             # there already
        return
    async with session.post(f"{flows}/{flow['flow_id']}", headers=headers, json={"broker": "127.0.0.1", "port": mqtt_port}) as r:
        result = await r.json()
    if result["type"] != "create_entry":
        raise SystemExit(f"rig: cannot add MQTT: {result}")


async def up(args):
    directory = args.dir
    state_file, token_file = directory / "run" / "ports.json", directory / "config" / ".token"
    ports = json.loads(state_file.read_text()) if state_file.exists() else {}
    hass_pid, started = alive(directory, "hass"), time.monotonic()
    if args.keep_while:
        # First of all, so that a start that fails is cleaned up too.
        spawn(directory, "keeper", [sys.executable, str(HERE / "rig.py"), "keep", str(directory), str(args.keep_while)])
    if not alive(directory, "mosquitto"):
        if not ports.get("mqtt") or not usable(ports["mqtt"]):
            ports["mqtt"] = free_port()
    if not hass_pid:
        wanted = args.port or ports.get("http")
        ports["http"] = wanted if wanted and (args.port or usable(wanted)) else free_port()
        write_config(directory, ports["http"], ports["mqtt"])
    state_file.write_text(json.dumps(ports))
    url = f"http://127.0.0.1:{ports['http']}"

    if not alive(directory, "mosquitto"):
        spawn(directory, "mosquitto", [args.mosquitto, "-c", str(directory / "mosquitto.conf")])
        await wait_for("mosquitto", lambda: tcp_open(ports["mqtt"]), 10)
    if not alive(directory, "simulator"):
        # The directory in argv marks the process as this instance's.
        spawn(directory, "simulator", [sys.executable, "-c", "import runpy, sys; sys.argv[0:3] = [sys.argv[1]]; runpy.run_path(sys.argv[0], run_name='__main__')",
                                       str(HERE / "simulator.py"), str(directory), "--port", str(ports["mqtt"]), *shlex.split(os.environ.get("SIM_ARGS", ""))])
    process = None if hass_pid else spawn(directory, "hass", [sys.executable, str(HERE / "rig.py"), "hass", str(directory / "config")])

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        async def onboarding_known():
            async with session.get(url + "/api/onboarding") as r:
                return True if r.status in (200, 401, 404) else None
        if not token_file.exists():
            await wait_for("Home Assistant", onboarding_known, 300, process)
            token_file.write_text(await onboard(session, url))
            token_file.chmod(0o600)
        token = token_file.read_text()
        headers = {"Authorization": f"Bearer {token}"}

        async def running():
            async with session.get(url + "/api/config", headers=headers) as r:
                if r.status == 401:
                    raise SystemExit("rig: Home Assistant rejects the stored token; run down --wipe first")
                return True if r.status == 200 and (await r.json())["state"] == "RUNNING" else None

        async def devices():
            async with session.get(f"{url}/api/states/{READY_ENTITY}", headers=headers) as r:
                return True if r.status == 200 and (await r.json())["state"] not in ("unknown", "unavailable") else None

        await wait_for("Home Assistant to run", running, 300, process)
        if not (directory / "run" / "mqtt-added").exists():
            await add_mqtt(session, url, token, ports["mqtt"])
            (directory / "run" / "mqtt-added").touch()
        await wait_for("the simulated devices", devices, 60, process)
    log(f"ready after {time.monotonic() - started:.1f} s")
    print(f"HA_URL={url}\nHA_TOKEN={token}\nMQTT_URL=mqtt://127.0.0.1:{ports['mqtt']}")


async def tcp_open(port):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return True


def main():
    p = argparse.ArgumentParser()
    sub = p.add_subparsers(dest="what", required=True)
    hass = sub.add_parser("hass")
    hass.add_argument("config")
    start = sub.add_parser("up")
    start.add_argument("dir", type=Path)
    start.add_argument("--port", type=int)
    start.add_argument("--mosquitto", default="mosquitto")
    start.add_argument("--while", dest="keep_while", type=int)
    keeper = sub.add_parser("keep")
    keeper.add_argument("dir", type=Path)
    keeper.add_argument("pid", type=int)
    args = p.parse_args()
    if args.what == "hass":
        run_hass(args.config)
    elif args.what == "keep":
        keep(args.dir, args.pid)
    else:
        asyncio.run(up(args))


if __name__ == "__main__":
    main()
