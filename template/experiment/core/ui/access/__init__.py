"""Who may: sessions, the guard around every route, what of a run is served.

Template's file: updates replace it. Free of torch.
"""
