"""Fourteen experiments that people really make of a fresh project, each as its edits.

A design is a file here: what is typed into a generated project, in the researcher's own files
alone. ``run.py`` lives through it, ``python -m tests.designs`` through all of them.
"""
