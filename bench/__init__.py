"""Postel beside its peers: the same work, the same servers, the same machine, one run."""
