"""A real Gitea for the tests of trackers, for the demo and for its story: built once, started where it is wanted."""
