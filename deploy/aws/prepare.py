"""Make in an AWS account what cluster.yaml names: a security group and the two roles; prints the ids to fill in.

    python deploy/aws/prepare.py --bucket BUCKET --ssh-from ADDRESS/32

Running it again updates them: do so whenever you change the kinds of machines in cluster.yaml, since the head may start
no others. It needs the rights to administer EC2 and IAM; the machines get only what head.json and storage.json allow.
The bucket must exist.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import re
import sys
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from botocore.client import BaseClient

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HERE = Path(__file__).parent
IMAGE = "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04)*"
CLUSTER = HERE.parents[1] / "cluster.yaml"
WIDEST = {4: 16, 6: 32}  # bits of network from which SSH may come, by version of IP


def source(text: str) -> Network:
    """Check where SSH may come from."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        network = None
    if network is None or network.prefixlen < WIDEST[network.version]:
        msg = f"{text!r} is not allowed; allowed: a network no wider than /{WIDEST[4]}, such as 203.0.113.7/32"
        raise argparse.ArgumentTypeError(msg)
    return network


# What enters a policy: in its ARNs and conditions, *, ? and ${ would stand for more than one bucket, prefix or role.
BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
PREFIX = r"[A-Za-z0-9_.=-]+(/[A-Za-z0-9_.=-]+)*"
NAME = r"[A-Za-z0-9_-]{1,50}"
REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]+"


def matching(pattern: str, allowed: str) -> Callable[[str], str]:
    """Return a function that checks an option's text."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            msg = f"{text!r} is not allowed; allowed: {allowed}"
            raise argparse.ArgumentTypeError(msg)
        return text

    return check


def machines(text: str) -> dict[str, str]:
    """Return which kinds of machines a cluster file lets its head start, and how they are bought, for the policy."""
    try:
        config = YAML(typ="safe").load(Path(text))
        kinds = config["available_node_types"]
        nodes: list[dict[str, Any]] = [kinds[name]["node_config"] for name in kinds if name != config["head_node_type"]]
        types = {node["InstanceType"] for node in nodes}
        markets = {node.get("InstanceMarketOptions", {}).get("MarketType", "on-demand") for node in nodes}
    except (OSError, YAMLError, LookupError, TypeError, AttributeError) as error:
        msg = f"{text!r} is not a cluster file for AWS: {type(error).__name__}: {' '.join(str(error).split())}"
        raise argparse.ArgumentTypeError(msg) from None
    if not types or not all(re.fullmatch(r"[a-z0-9.-]+", str(name)) for name in types | markets):
        msg = f"{text!r}: no InstanceType other than the head's, or one that is not allowed"
        raise argparse.ArgumentTypeError(msg)
    # Each fills a list of the policy: ["${instance_types}"].
    return {"instance_types": '", "'.join(sorted(types)), "markets": '", "'.join(sorted(markets))}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    bucket = matching(BUCKET, "the name of one bucket")
    parser.add_argument("--bucket", required=True, type=bucket, help="where studies keep their results")
    parser.add_argument(
        "--prefix",
        default="gce-study",
        type=matching(PREFIX, "one prefix, of letters, digits, - _ . = and / between them"),
        help="the only part of the bucket that the machines reach (default: gce-study)",
    )
    parser.add_argument("--ssh-from", required=True, type=source, metavar="CIDR", help="who may reach the machines")
    region = matching(REGION, "one region, such as us-west-2")
    parser.add_argument(
        "--region", default="us-west-2", type=region, help="as in the cluster file (default: us-west-2)"
    )
    parser.add_argument(
        "--cluster",
        default="gce-study",
        type=matching(NAME, "up to 50 letters, digits, - and _"),
        help="cluster_name of the cluster file (default: gce-study)",
    )
    parser.add_argument(
        "--cluster-file",
        default=str(CLUSTER),
        type=machines,
        dest="machines",
        metavar="FILE",
        help="the head may start only the kinds of machines that this file names (default: cluster.yaml)",
    )
    return parser.parse_args()


def security_group(ec2: BaseClient, name: str, ssh_from: Network) -> str:
    """Let SSH in from one network and the machines talk to one another, and nothing else; return the group's id."""
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not vpcs:
        sys.exit("prepare.py: this region has no default VPC; aws ec2 create-default-vpc makes one")
    vpc = vpcs[0]["VpcId"]
    wanted = [{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [vpc]}]
    found = ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]
    if found:
        group, rules = found[0]["GroupId"], found[0]["IpPermissions"]
        if rules:
            ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
    else:
        text = "Machines of gce-study: SSH from one network, anything among themselves"
        group = ec2.create_security_group(GroupName=name, Description=text, VpcId=vpc)["GroupId"]
    ranges = {"IpRanges": [{"CidrIp": str(ssh_from)}]}
    if ssh_from.version == 6:  # noqa: PLR2004 -- IPv6
        ranges = {"Ipv6Ranges": [{"CidrIpv6": str(ssh_from)}]}
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22} | ranges
    among = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh, among])
    return group


def role(iam: BaseClient, name: str, policies: list[str], values: dict[str, str]) -> None:
    """Make a role with these policies, and the instance profile of the same name that carries it."""
    ignoring(iam.create_role, RoleName=name, AssumeRolePolicyDocument=(HERE / "trust.json").read_text())
    for policy in policies:
        document = json.dumps(json.loads(Template((HERE / f"{policy}.json").read_text()).substitute(values)))
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    ignoring(iam.create_instance_profile, InstanceProfileName=name)
    if not iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def ignoring(make: Callable[..., object], **what: str) -> None:
    """Make something that may be there already."""
    try:
        make(**what)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"EntityAlreadyExists", "InvalidInput"}:
            raise


def main() -> None:
    """Make it all, in an order in which a part that fails can be mended and all of it run again."""
    options = arguments()
    ec2, iam, sts = (boto3.client(name, region_name=options.region) for name in ("ec2", "iam", "sts"))
    group = security_group(ec2, options.cluster, options.ssh_from)
    values = {"account": sts.get_caller_identity()["Account"], "group": group}
    values |= {key: getattr(options, key) for key in ("bucket", "prefix", "region", "cluster")}
    values |= options.machines
    role(iam, f"{options.cluster}-head", ["head", "storage"], values)
    role(iam, f"{options.cluster}-worker", ["storage"], values)
    # EC2's own, without which an account that never had a spot machine gets none.
    ignoring(iam.create_service_linked_role, AWSServiceName="spot.amazonaws.com")
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": [IMAGE]}])["Images"]
    newest = max(images, key=lambda image: image["CreationDate"], default={"ImageId": f"none is named {IMAGE}"})
    print(f"ImageId: &image {newest['ImageId']}\nSecurityGroupIds: &group [{group}]")


if __name__ == "__main__":
    try:
        main()
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"prepare.py: {error}")
