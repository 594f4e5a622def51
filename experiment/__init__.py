"""This experiment: what can be set, the data, the network, and how it learns."""
