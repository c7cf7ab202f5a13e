"""A real Kubernetes cluster for tests and the demo, built from packages on this machine."""
