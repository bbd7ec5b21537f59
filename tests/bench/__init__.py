"""Speed and memory of the product, measured: `./run bench`. Every case runs in a process of its own."""
