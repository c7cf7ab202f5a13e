"""Programs that no package brings: found where the user says, else in the cache, else built with Go.

A build happens in a throw-away module, so that `go.sum` and the proxy's checksums guard every download and the
repository itself needs no Go module. This module must not start what it builds.
"""

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster import commands
from tests.cluster.errors import ClusterError
from tests.cluster.places import COREDNS_VERSION, KUBERNETES_VERSION, PROMETHEUS_VERSION, cache_directory

STAGING_MODULES = """
    api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap
    code-generator component-base component-helpers controller-manager cri-api cri-client cri-streaming
    csi-translation-lib dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator
    kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission
    sample-apiserver sample-cli-plugin sample-controller
""".split()  # noqa: SIM905 - a list of words reads better than a list of strings
STAGING_VERSION = KUBERNETES_VERSION.replace("v1.", "v0.")
KUBERNETES_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
BUILD_SECONDS_AT_MOST = 3600


@dataclass(frozen=True)
class GoBuild:
    """A throw-away Go module and the programs to build in it."""

    name: str
    version: str
    module_file: str
    programs: Mapping[str, str]
    """Program name to package path."""
    sources: Mapping[str, str] = field(default_factory=dict)
    linker_flags: str = "-s -w"
    cgo_tags: str = ""
    """Build tags of a program that needs the C compiler; empty for all that do without."""

    @property
    def cache(self) -> Path:
        """Keyed by the version and by how it is built."""
        recipe = repr((self.module_file, sorted(self.sources.items()), self.linker_flags)) + self.cgo_tags
        key = hashlib.sha256(recipe.encode()).hexdigest()[:8]
        return cache_directory() / "programs" / f"{self.name}-{self.version}-{key}"


def kubernetes_build() -> GoBuild:
    """The five Kubernetes programs; the staging modules have to be replaced to the same minor version."""
    replaces = "\n".join(f"replace k8s.io/{module} => k8s.io/{module} {STAGING_VERSION}" for module in STAGING_MODULES)
    imports = "\n".join(f'import _ "k8s.io/kubernetes/cmd/{program}"' for program in KUBERNETES_PROGRAMS)
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    version = "-X k8s.io/component-base/version."
    return GoBuild(
        name="kubernetes",
        version=KUBERNETES_VERSION,
        module_file=(
            "module memdrift.io/kubernetes-build\n\ngo 1.24.0\n\n"
            f"require k8s.io/kubernetes {KUBERNETES_VERSION}\n\n{replaces}\n"
        ),
        programs={program: f"k8s.io/kubernetes/cmd/{program}" for program in KUBERNETES_PROGRAMS},
        sources={"tools.go": f"//go:build tools\n\npackage tools\n\n{imports}\n"},
        linker_flags=(
            f"-s -w {version}gitVersion={KUBERNETES_VERSION} {version}gitMajor={major} {version}gitMinor={minor}"
        ),
    )


def coredns_build() -> GoBuild:
    """CoreDNS with the few plugins that a cluster needs: the full set drags in three cloud SDKs."""
    plugins = ("bind", "errors", "kubernetes", "ready", "template")
    imports = "\n".join(f'\t_ "github.com/coredns/coredns/plugin/{plugin}"' for plugin in plugins)
    order = ", ".join(f'"{plugin}"' for plugin in ("bind", "ready", "errors", "kubernetes", "template"))
    main = f"""package main

import (
\t"github.com/coredns/coredns/core/dnsserver"
\t"github.com/coredns/coredns/coremain"
{imports}
)

func main() {{
\tdnsserver.Directives = []string{{{order}}}
\tcoremain.Run()
}}
"""
    # The Kubernetes client of the same minor as the cluster's: its compiled packages are in the build cache already.
    replaces = "\n".join(
        f"replace k8s.io/{module} => k8s.io/{module} {STAGING_VERSION}"
        for module in ("api", "apimachinery", "client-go")
    )
    return GoBuild(
        name="coredns",
        version=COREDNS_VERSION,
        module_file=(
            "module memdrift.io/coredns-build\n\ngo 1.24.0\n\n"
            f"require github.com/coredns/coredns {COREDNS_VERSION}\n\n{replaces}\n"
        ),
        programs={"coredns": "."},
        sources={"main.go": main},
    )


def prometheus_build() -> GoBuild:
    """Prometheus: the packaged one has no discovery of Kubernetes pods, and is of the major version before."""
    return GoBuild(
        name="prometheus",
        version=PROMETHEUS_VERSION,
        module_file=(
            "module memdrift.io/prometheus-build\n\ngo 1.24.0\n\n"
            f"require github.com/prometheus/prometheus {PROMETHEUS_VERSION}\n"
        ),
        programs={"prometheus": "github.com/prometheus/prometheus/cmd/prometheus"},
        sources={
            "tools.go": "//go:build tools\n\npackage tools\n\n"
            'import _ "github.com/prometheus/prometheus/cmd/prometheus"\n'
        },
    )


@contextmanager
def only_one_builder(target: Path) -> Iterator[None]:
    """Two sessions on one machine build the same thing once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(target.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_programs(build: GoBuild) -> dict[str, Path]:
    """Every program of the build: from KUBEBUILDER_ASSETS, the cache, or a build of several minutes."""
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if given and all((Path(given) / program).exists() for program in build.programs):
        return {program: Path(given) / program for program in build.programs}
    if not all((build.cache / program).exists() for program in build.programs):
        _build(build)
    return {program: build.cache / program for program in build.programs}


def _build(build: GoBuild) -> None:
    if commands.find_program("go") is None:
        raise ClusterError(
            f"{build.name} {build.version} is not in the cache and `go` is not installed: install Go, or set "
            f"KUBEBUILDER_ASSETS to a folder with {', '.join(build.programs)}"
        )
    with only_one_builder(build.cache):
        missing = {name: package for name, package in build.programs.items() if not (build.cache / name).exists()}
        if not missing:
            return
        told = f"building {build.name} {build.version} (once; takes minutes): {', '.join(missing)}"
        print(told, file=sys.stderr, flush=True)
        folder = cache_directory() / "build" / f"{build.name}-{build.version}"
        folder.mkdir(parents=True, exist_ok=True)
        build.cache.mkdir(parents=True, exist_ok=True)
        for name, text in {"go.mod": build.module_file, **build.sources}.items():
            (folder / name).write_text(text)
        tool = {"GOFLAGS": "-mod=mod", "CGO_ENABLED": "1" if build.cgo_tags else "0", "GOWORK": "off"}
        limit = BUILD_SECONDS_AT_MOST
        # -e: test-only dependencies of dependencies may be unobtainable, and we do not build them.
        commands.run("go", "mod", "tidy", "-e", folder=folder, extra_environment=tool, seconds=limit)
        for name, package in missing.items():
            unfinished = build.cache / f".{name}.unfinished"
            arguments = ["-trimpath", "-tags", build.cgo_tags, "-ldflags", build.linker_flags]
            arguments += ["-o", str(unfinished), package]
            commands.run("go", "build", *arguments, folder=folder, extra_environment=tool, seconds=limit)
            unfinished.rename(build.cache / name)
