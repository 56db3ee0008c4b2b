"""A storage location, once in a folder and once in an object store."""

import pytest


@pytest.fixture(params=["folder", pytest.param("object store", marks=pytest.mark.slow)])
def storage(request, tmp_path):
    return tmp_path / "there" if request.param == "folder" else request.getfixturevalue("bucket")
