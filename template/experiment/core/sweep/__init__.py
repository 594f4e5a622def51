"""Sweeps without an account: ``main.py sweep`` runs a W&B sweep file on this machine.

Template's file: updates replace it. Start reading at ``commands/sweep.py``; everything here is free
of torch.
"""
