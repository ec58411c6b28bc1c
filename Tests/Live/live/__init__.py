"""The collector on live traffic, in network namespaces of its own."""
