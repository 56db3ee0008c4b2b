"""What an AWS of moto's servers holds, as a simulated machine beside it finds by asking."""

from __future__ import annotations

import base64
import json
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs

INSTANCES = """
import boto3, json
pages = boto3.client("ec2").describe_instances()["Reservations"]
print(json.dumps([i for page in pages for i in page["Instances"]], default=str))
"""
OBJECTS = """
import boto3
pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket="results")
print(*[found["Key"] for page in pages for found in page.get("Contents", [])])
"""
BUCKET = """
import boto3
boto3.client("s3").create_bucket(Bucket="results", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
"""
KEY = "import boto3; print(boto3.client('ec2').create_key_pair(KeyName='ray-autoscaler_us-west-2')['KeyMaterial'])"


def instances(machine: Any, state: str = "running") -> list[dict[str, Any]]:
    """Return the instances in a state."""
    found = json.loads(machine.run("python", "-c", INSTANCES))
    return [i for i in found if i["State"]["Name"] == state]


def objects(machine: Any, pattern: str) -> list[str]:
    """Return the objects of the storage location with such a name."""
    keys = machine.run("python", "-c", OBJECTS).split()
    return [key for key in keys if fnmatchcase(key, f"gce-study/{pattern}")]


def requests(machine: Any, who: str) -> list[dict[str, str]]:
    """Return what was asked of moto with an access key: the parameters of every call."""
    entries = [json.loads(line) for line in (machine.state / "requests").read_text().splitlines()]
    mine = [e for e in entries if f"Credential={who}/" in e["headers"].get("Authorization", "")]
    return [{k: v[0] for k, v in parse_qs(base64.b64decode(e["body"]).decode()).items()} for e in mine]
