"""`memdrift diff`: what a person sees, what another program reads, and what is said of wrong files."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from memdrift.cli import main, quick
from memdrift.cli.contrasting import Request
from tests.evidence.building import Builder, goroutines, heap
from tests.evidence.recorded import path_of

YOUNG, LATE = str(path_of("leak_young.heap")), str(path_of("leak_late.heap"))
ASYNC = "github.com/grab/async"
MEBIBYTE = 1 << 20


def said(*arguments: str) -> str:
    """What the whole program prints, without a cluster and without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "memdrift", "diff", *arguments],
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "memdrift", "diff", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_answer_is_on_top():
    text = said(YOUNG, LATE)
    lines = text.splitlines()
    assert lines[0] == "memory in use  26.2 MiB → 149.6 MiB  (+123.4 MiB in 5 min 45 s, 1.3 GiB per hour)"
    suspect = lines[next(number for number, line in enumerate(lines) if "SUSPECT" in line) + 1]
    assert f"{ASYNC}.(*task).Run" in suspect
    assert suspect.endswith(f"contexts  {ASYNC} v0.0.3")
    assert "\x1b" not in text
    assert "confidence in the first" in text
    assert "was allocated meanwhile" in text


def test_the_order_and_the_number_of_rows():
    text = said(YOUNG, LATE, "--cum", "-n", "3")
    table = text.split("FUNCTION\n")[1].splitlines()
    assert len(table) == 3
    assert table[0].endswith(f"{ASYNC}.(*task).run.func1")
    assert said(YOUNG, LATE).split("FUNCTION\n")[1].splitlines()[0].endswith("context.(*cancelCtx).Done")


def test_rows_by_module_and_file():
    assert f"  {ASYNC}\n" in said(YOUNG, LATE, "--by", "module").split("NOW  MODULE\n")[1]
    assert f"{ASYNC}@v0.0.3/" in said(YOUNG, LATE, "--by", "file")


def test_json_for_other_programs():
    document = json.loads(said(YOUNG, LATE, "--json"))
    assert document["unit"] == "bytes"
    assert document["now"]["total"] - document["base"]["total"] == document["growth"]["net"]
    assert document["suspects"][0]["module"] == ASYNC
    assert {row["name"] for row in document["modules"]} >= {ASYNC, "market-store"}
    assert len(document["fingerprint"]) == 32
    assert document["odd"] == []


def test_a_page_with_the_flame_graph(tmp_path: Path):
    target = tmp_path / "growth.html"
    assert said(YOUNG, LATE, "--html", str(target)) == ""
    page = target.read_text(encoding="utf-8")
    assert 'class="flame"' in page
    assert f"{ASYNC} v0.0.3" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_another_value_by_name():
    assert said(YOUNG, LATE, "--sample", "alloc_objects").startswith("alloc_objects  ")
    assert "the profile holds alloc_objects/count" in refused(YOUNG, LATE, "--sample", "cpu")


def test_goroutines_by_what_they_were_started_with():
    text = said(str(path_of("leak_young.goroutine")), str(path_of("leak_mid.goroutine")))
    assert text.startswith("goroutines  ")


def written(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def test_growing_goroutines(tmp_path: Path):
    then = written(tmp_path, "then", goroutines({("runtime.gopark", "main.wait", "main.serve.func1"): 10}))
    now = written(tmp_path, "now", goroutines({("runtime.gopark", "main.wait", "main.serve.func1"): 4010}))
    text = said(then, now)
    assert "goroutines  10 → 4,010  (+4,000)" in text
    assert "+4,000  main.serve.func1" in text


def test_what_is_odd_about_a_pair_is_said(tmp_path: Path):
    assert "the wrong way round" in said(LATE, YOUNG)
    assert "nothing differs" in said(LATE, LATE)
    files = ({"m.F": "example.com/m@v1.0.0/f.go"}, {"m.F": "example.com/m@v1.1.0/f.go"})
    stacks = [{("example.com/m.F", "main.main"): size * MEBIBYTE} for size in (1, 90)]
    pair = [
        written(tmp_path, str(number), heap(stacks[number], {"example.com/m.F": files[number]["m.F"]}))
        for number in (0, 1)
    ]
    text = said(*pair)
    assert "they are of two builds: example.com/m v1.0.0 → v1.1.0" in text
    assert "v1.1.0   was v1.0.0" in text


def test_profiles_of_other_languages(tmp_path: Path):
    cargo = "/home/builder/.cargo/registry/src/index.crates.io-6f17d22bba15001f/lru-cache-0.12.3/src/lib.rs"
    pair = []
    for size in (1, 200):
        builder = Builder([("inuse_space", "bytes")])
        stack = ("__rust_alloc", "<alloc::vec::Vec<T,A>>::push", "lru_cache::LruCache<K,V>::put", "shop::serve", "main")
        builder.sample(stack, (size * MEBIBYTE,), {"lru_cache::LruCache<K,V>::put": cargo})
        pair.append(written(tmp_path, f"rust{size}", builder.content()))
    text = said(*pair)
    assert "lru_cache 0.12.3" in text
    suspect = text.splitlines()[next(n for n, line in enumerate(text.splitlines()) if "SUSPECT" in line) + 1]
    assert "lru_cache::LruCache<K,V>::put" in suspect


def test_the_heap_text_of_jemalloc(tmp_path: Path):
    maps = "MAPPED_LIBRARIES:\n55d000000000-55d000100000 r-xp 00002000 08:01 1 /app/shop\n"
    pair = [
        written(
            tmp_path,
            f"jeprof.{size}.heap",
            f"heap_v2/524288\n  t*: {count}: {size} [0: 0]\n@ 0x55d000000010 0x55d000000020\n"
            f"  t*: {count}: {size} [0: 0]\n  t1: {count}: {size} [0: 0]\n{maps}".encode(),
        )
        for count, size in ((2, 2048), (200, 204_800_000))
    ]
    text = said(*pair)
    assert "shop+0x2010 ← shop+0x2020" in text
    assert "stripped of function names" in text


WRONG = [
    ("missing", None, "No such file or directory; give the path"),
    ("empty", b"", "has no bytes (Empty); fetch it again"),
    ("page", b"<html>login</html>", "HTML or XML, not a profile"),
    ("text", b"heap profile: 1: 2 [3: 4] @ heap/1048576", "without debug="),
    ("cut", gzip.compress(b"x" * 100)[:-9], "(Truncated); fetch it again: it was not copied to its end"),
    ("other", gzip.compress(b"hello, I am no protobuf"), "(NotPprof); give a pprof file"),
]


@pytest.mark.parametrize(("name", "content", "words"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_file_is_named_with_its_remedy(tmp_path: Path, name: str, content: bytes | None, words: str):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    for pair in ((YOUNG, str(path)), (str(path), LATE)):
        error = refused(*pair)
        assert error.startswith(f"Error: {path}: ")
        assert words in error
        assert error.count("\n") == 1


def test_two_profiles_that_hold_different_things(tmp_path: Path):
    other = written(tmp_path, "other", goroutines({("main.wait",): 3}))
    assert "give two profiles of one kind" in refused(YOUNG, other)


def test_a_folder_and_a_page_that_cannot_be_written(tmp_path: Path):
    assert "Is a directory; give the path of a profile" in refused(YOUNG, str(tmp_path))
    assert "give a path that you may write" in refused(YOUNG, LATE, "--html", str(tmp_path / "no" / "page.html"))


USUAL = [("a", "b"), ("a", "b", "--json"), ("--cum", "a", "b", "-n", "5"), ("a", "--flat", "b", "--rows", "7")]
UNUSUAL = [
    (), ("a",), ("a", "b", "c"), ("--help",), ("a", "b", "-n"), ("a", "b", "-n", "0"), ("a", "b", "-n", "x"),
    ("a", "b", "--cum", "--flat"), ("a", "b", "--by", "file"), ("a", "b", "-n5"), ("a", "b", "--html", "x"),
    ("--", "a", "b"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", USUAL)
def test_the_quick_way_asks_for_what_click_asks_for(arguments: tuple[str, ...]):
    context = main.get_command(None, "diff").make_context("diff", list(arguments))
    given = context.params
    request = quick.request_of(["diff", *arguments])
    assert request == Request(
        given["base"], given["now"], rows=given["count"], cumulative_first=not given["flat"], as_json=given["as_json"]
    )


@pytest.mark.parametrize("arguments", UNUSUAL)
def test_what_is_unusual_goes_to_click(arguments: tuple[str, ...]):
    assert quick.request_of(["diff", *arguments]) is None
    assert quick.request_of(["status"]) is None


def test_help_names_every_option():
    answer = CliRunner().invoke(main, ["diff", "--help"])
    assert answer.exit_code == 0
    for option in ("--json", "--html", "--flat / --cum", "--by", "--sample", "-n, --rows"):
        assert option in answer.output


def test_the_quick_way_imports_no_library():
    program = (
        "import sys; from memdrift.cli import quick; "
        f"assert quick.ran(['diff', {YOUNG!r}, {LATE!r}]); "
        "print(sorted({name.split('.')[0] for name in sys.modules} "
        "& {'click', 'numpy', 'pydantic', 'google', 'rich', 'kopf', 'yaml', 'asyncio', 'json'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
