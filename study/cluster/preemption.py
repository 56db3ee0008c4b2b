"""Watch a spot machine for the notice that it will be taken back, and have Ray drain it.

``python -m study.cluster.preemption --address HEAD:6379`` runs beside Ray on a worker. After the notice, Ray starts
nothing new there, and the runs that are lost with the machine count as preempted instead of failed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import time
import urllib.request
from datetime import datetime
from urllib.error import HTTPError

from trainables.characters import one_line

EVERY_S = 5.0  # as AWS recommends
ANSWER_S = 2.0  # for an answer of the metadata service
# Ray counts a machine as preempted if it is lost after its deadline, so the deadline is a little before the end.
EARLIER_S = 10.0


def metadata(path: str) -> str | None:
    """Ask the instance metadata service (IMDSv2) of this machine.

    Args:
        path: below ``/latest/meta-data/``.

    Returns:
        The answer; None if the service has none (404).

    Raises:
        OSError: the service cannot be reached, or refuses.

    """
    # AWS's own clients read the same variable.
    base = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/")
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    asking = urllib.request.Request(f"{base}/latest/api/token", method="PUT", headers=lifetime)  # noqa: S310 -- the machine's own service
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asking, timeout=ANSWER_S) as answer:
            token = answer.read().decode()
        asking = urllib.request.Request(  # noqa: S310 -- the machine's own service
            f"{base}/latest/meta-data/{path}", headers={"X-aws-ec2-metadata-token": token}
        )
        with opener.open(asking, timeout=ANSWER_S) as answer:
            return str(answer.read().decode())
    except HTTPError as refused:
        if refused.code == http.client.NOT_FOUND:
            return None
        raise
    except http.client.HTTPException as broken:
        raise OSError(str(broken)) from broken


def wait_for_notice() -> float:
    """Return when this machine will be taken back, in seconds since 1970, once that is known.

    See https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html.
    """
    reachable = True
    while True:
        try:
            notice = metadata("spot/instance-action")
            reachable = True
        except OSError as error:
            if reachable:
                _say(f"the metadata service does not answer, still trying: {error}")
            notice, reachable = None, False
        if notice:
            return datetime.fromisoformat(json.loads(notice)["time"]).timestamp()
        time.sleep(EVERY_S)


def drain(address: str, ends: float) -> str:
    """Have Ray drain this machine's node.

    It does what ``ray drain-node`` does, which is no more stable an interface and needs the id of the node: without
    one, the command first attaches a driver to the cluster and takes that driver's node.

    Args:
        address: host and port of the cluster's head.
        ends: when the machine will be taken back, in seconds since 1970.

    Returns:
        The id of the node that is drained.

    Raises:
        LookupError: no node of the cluster has this machine's address.
        RuntimeError: the head cannot be reached, or refuses.

    """
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # noqa: PLC0415 -- as `ray drain-node` does; late
    from ray.core.generated.autoscaler_pb2 import DRAIN_NODE_REASON_PREEMPTION  # noqa: PLC0415
    from ray.exceptions import RayError  # noqa: PLC0415

    here = metadata("local-ipv4")
    deadline = int(1000 * max(ends - EARLIER_S, time.time() + 1))
    try:
        head = GcsClient(address=address)
        nodes = [node for node in head.get_all_node_info(timeout=5).values() if node.node_manager_address == here]
        alive = [node.node_id.hex() for node in nodes if node.state == node.ALIVE]
        if not alive:
            msg = f"no node of the cluster at {address} has the address {here}"
            raise LookupError(msg)
        text = "spot machine taken back"
        accepted, refusal = head.drain_node(alive[0], DRAIN_NODE_REASON_PREEMPTION, text, deadline, timeout=5)
    except RayError as error:
        raise RuntimeError(str(error).split("\n")[0]) from error
    if not accepted:
        raise RuntimeError(refusal)
    return str(alive[0])


def main() -> int:
    """Wait for the notice, drain this machine's node, and end; 1 if that did not succeed in time."""
    parser = argparse.ArgumentParser(prog="python -m study.cluster.preemption", description=__doc__)
    parser.add_argument("--address", required=True, metavar="HEAD:PORT", help="the cluster's head")
    address = parser.parse_args().address
    ends = wait_for_notice()
    _say(f"this machine will be taken back in {ends - time.time():.0f} s")
    while time.time() < ends:
        try:
            _say(f"Ray starts nothing more on node {drain(address, ends)}")
        except (OSError, LookupError, RuntimeError) as error:
            _say(f"the node cannot be drained, trying again: {error}")
            time.sleep(EVERY_S)
        else:
            return 0
    return 1


def _say(text: str) -> None:
    sys.stderr.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {one_line(text)}\n")


if __name__ == "__main__":
    sys.exit(main())
