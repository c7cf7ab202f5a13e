"""Where the API server is and how we prove who we are, as `kubernetes.aio` finds it, kept fresh.

Exists because tokens rotate: a mounted one every hour, one of a kubeconfig's command even faster. Must not send
requests, and must not log anything it reads.
"""

from __future__ import annotations

import time
from pathlib import Path

import yaml
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from memdrift.api.faults import fault_of
from memdrift.errors import ClusterUnavailable, ConfigurationInvalid

_KUBECONFIG_REFRESH_SECONDS = 60.0
_UNREADABLE = (config.ConfigException, yaml.YAMLError, OSError, ValueError, LookupError, TypeError, AttributeError)
"""What the library raises of a file that is missing, torn, or something else."""


async def find_credentials(kubeconfig: Path | None) -> Configuration:
    """The service account of the pod we run in, or the current context of a kubeconfig.

    Raises:
        ConfigurationInvalid: neither is there, or it cannot be read.
    """
    configuration = Configuration()
    try:
        if kubeconfig is None:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            await _load_kubeconfig(kubeconfig, configuration)
    except _UNREADABLE as error:
        place = "the pod's service account" if kubeconfig is None else f"the kubeconfig {kubeconfig}"
        raise ConfigurationInvalid(
            "NoCredentials",
            f"{place} gives no access to a cluster ({fault_of(error)}): run in a pod, or name a valid kubeconfig",
        ) from error
    return configuration


async def _load_kubeconfig(path: Path, configuration: Configuration) -> None:
    """Load, and load again at most once a minute: the file, or the command it names, may give a new token."""
    loaded_at = float("-inf")

    async def refresh(target: Configuration) -> None:
        nonlocal loaded_at
        if time.monotonic() - loaded_at < _KUBECONFIG_REFRESH_SECONDS:
            return
        await config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=str(path), client_configuration=target, persist_config=False
        )
        loaded_at = time.monotonic()

    await refresh(configuration)
    configuration.refresh_api_key_hook = refresh  # type: ignore[assignment]


async def authorization(configuration: Configuration) -> dict[str, str]:
    """The header for one request; empty where a client certificate speaks for us.

    Raises:
        ClusterUnavailable: the credentials cannot be read any more.
    """
    try:
        token = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    except _UNREADABLE as error:
        raise ClusterUnavailable(
            "CredentialsUnreadable", f"the token cannot be refreshed: {fault_of(error)}"
        ) from error
    return {"Authorization": token} if token else {}
