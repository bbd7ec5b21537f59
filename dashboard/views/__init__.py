"""One file for each page, each with one function `show`. They read URL and library, and leave HTML to the pure modules."""
