"""Our own recordings: real Go programs under real load, seen by a real Prometheus, labelled by their source."""
