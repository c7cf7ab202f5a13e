"""Suspects and names where the process is not Go."""

from __future__ import annotations

import pytest

from memdrift.evidence.analyse import analyse
from memdrift.evidence.findings import Comparison, Findings
from memdrift.evidence.nativenames import is_library, namespace_of, plain_name
from tests.evidence.building import heap, taken

LIBRARY = [
    "malloc", "calloc", "__libc_malloc", "je_malloc_default", "_rjem_malloc", "prof_backtrace",
    "operator new(unsigned long)",
    "_Znwm", "__rust_alloc", "__rdl_alloc", "alloc::alloc::alloc", "alloc::raw_vec::RawVec<T,A>::grow_one",
    "<alloc::vec::Vec<T> as core::clone::Clone>::clone", "std::vector<int>::push_back(int const&)", "tc_malloc",
    "<T as alloc::slice::hack::ConvertVec>::to_vec", "<[T] as alloc::borrow::ToOwned>::to_owned",
    "hashbrown::raw::RawTable<T,A>::reserve_rehash", "__rustc::__rust_alloc",
    "<tikv_jemallocator::Jemalloc as core::alloc::global::GlobalAlloc>::alloc",
    "exchange_malloc", "_start", "std::rt::lang_start::{{closure}}", "mi_malloc",
]  # fmt: skip
OWN = [
    "shop::cache::put",
    "<shop::Row as alloc::string::ToString>::to_string",
    "<T as shop::Keep>::keep",
    "Cache::insert(int)",
    "main",
    "allocate_session",
    "mallocator_stats",
    "startup",
    "je",
    "context_new",
]


@pytest.mark.parametrize("function", LIBRARY)
def test_what_belongs_to_an_allocator_or_a_language(function: str):
    assert is_library(function)


@pytest.mark.parametrize("function", OWN)
def test_what_does_not(function: str):
    assert not is_library(function)


NAMES = [
    ("shop::cache::put::h0123456789abcdef", "shop::cache::put"),
    ("shop::serve::{{closure}}::h0123456789abcdef", "shop::serve"),
    ("shop::serve::{closure#0}", "shop::serve"),
    ("<shop::Cache as shop::Store>::put", "shop::Cache::put"),
    ("shop::Cache<K, V>::put", "shop::Cache::put"),
    ("Cache<std::string, int>::insert(std::string const&, int)", "Cache::insert"),
    ("ns::Pool::take(unsigned long)", "ns::Pool::take"),
]


@pytest.mark.parametrize(("function", "name"), NAMES)
def test_what_a_rebuild_may_change_is_left_out(function: str, name: str):
    assert plain_name(function) == name


def test_the_crate_or_namespace_is_the_module():
    assert namespace_of("shop::cache::put::h0123456789abcdef") == "shop"
    assert namespace_of("main") == ""


def of(suffix: str) -> Findings:
    stack = (
        "_rjem_malloc", "__rust_alloc", "alloc::vec::Vec<T,A>::push", f"shop::cache::put{suffix}",
        f"shop::serve{suffix}", "main",
    )  # fmt: skip
    now, then = heap({stack: 64 << 20}), heap({stack: 1 << 20})
    return analyse(Comparison((taken(now, taken_at=900),), (taken(then, taken_at=100),)))


def test_a_leak_in_rust_has_its_suspect_and_one_name_over_rebuilds():
    one, other = of("::h0123456789abcdef"), of("::hfedcba9876543210")
    assert one.suspects[0].function == "shop::cache::put::h0123456789abcdef"
    assert one.suspects[0].module == "shop"
    assert one.clusters[0].owner == "shop::cache::put"
    assert one.fingerprint == other.fingerprint != ""
