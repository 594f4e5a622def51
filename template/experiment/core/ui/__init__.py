"""The web page that ``main.py ui`` serves: who may, what may be set, what is started and watched.

Template's file: updates replace it. Free of torch; it needs the extra ``ui``.
"""
