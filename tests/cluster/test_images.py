"""Images are made once per content, and only from what they are told to hold."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.cluster import images, oci


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "memdrift" / "images"


def hello(text: bytes, *, user: str = "65532:65532") -> images.Image:
    return images.files_image("hello", {"/etc/hello": oci.ImageFile(text)}, oci.ImageConfig(user=user))


def blobs(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        opened = {entry.name: tar.extractfile(entry) for entry in tar}
        return {name: file.read() for name, file in opened.items() if file is not None}


def test_the_same_content_is_the_same_image(own_cache: Path) -> None:
    first = hello(b"one")
    made_at = first.archive.stat().st_mtime_ns
    assert hello(b"one") == first
    assert first.archive.stat().st_mtime_ns == made_at


@pytest.mark.parametrize("change", [{"text": b"two"}, {"text": b"one", "user": "1:1"}])
def test_another_content_is_another_image_and_replaces_the_older(own_cache: Path, change: dict[str, object]) -> None:
    first = hello(b"one")
    second = hello(**change)  # type: ignore[arg-type]
    assert second.reference != first.reference
    assert second.archive.exists()
    assert not first.archive.exists()


def test_an_archive_is_an_image_layout_with_matching_digests(own_cache: Path) -> None:
    image = hello(b"one")
    found = blobs(image.archive)
    assert json.loads(found["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(found["index.json"])
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == image.reference
    manifest = json.loads(found["blobs/" + index["manifests"][0]["digest"].replace(":", "/")])
    config = json.loads(found["blobs/" + manifest["config"]["digest"].replace(":", "/")])
    assert config["config"]["User"] == "65532:65532"
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]


def test_a_layer_holds_the_files_their_folders_and_a_place_for_temporary_files(own_cache: Path) -> None:
    layer = io.BytesIO()
    oci.write_files_layer(layer, {"/usr/bin/tool": oci.ImageFile(b"x", 0o755)})
    layer.seek(0)
    with tarfile.open(fileobj=layer) as tar:
        modes = {entry.name: entry.mode for entry in tar}
    assert modes == {"tmp": 0o1777, "usr": 0o755, "usr/bin": 0o755, "usr/bin/tool": 0o755}
