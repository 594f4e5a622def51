"""Which files are images, by what they are called.

Template's file: updates replace it.
"""

# What PIL reads of itself, with names that are no others': .ico or .pdf are seldom meant.
SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".bmp", ".dib", ".gif"),
    *(".tif", ".tiff", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga", ".qoi"),
)
# Pictures all the same, which are not to be passed over as if they were none.
OTHER_PICTURES = (
    *(".heic", ".heif", ".hif", ".npy", ".npz", ".dcm", ".nii", ".nii.gz", ".svg", ".exr", ".hdr"),
    *(".jxl", ".raw", ".dng", ".cr2", ".nef", ".arw", ".psd", ".fits", ".mat", ".h5", ".pt"),
)


def is_image(name: str) -> bool:
    """Whether PIL reads a file of this name."""
    return name.lower().endswith(SUFFIXES)
