"""What can go wrong with the local cluster and needs a person; each message names the remedy."""


class ClusterError(Exception):
    """The cluster cannot be started or used; the message says what to do."""
