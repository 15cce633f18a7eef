"""Walks over the structure of image files: their true size and frames, and which bytes are the picture.

One module a format, each with `walk(data) -> Skeleton`. No pixel is decoded, so a walk costs time in proportion to the
file's bytes whatever its header claims. What is not known to be needed for showing the picture is left out.
"""
