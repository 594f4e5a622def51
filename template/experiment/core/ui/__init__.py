"""The web page that ``main.py ui`` serves: who may, what may be sent, what may be seen.

Template's file: updates replace it. Free of torch; it needs the extra ``ui``.
"""
