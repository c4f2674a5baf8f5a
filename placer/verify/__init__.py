"""The independent checker: legality and every figure of a mapping, from the mapping, the device and the network alone.

It shares the device model, the layouts and the cycle formulas with the solver, and nothing else: no option, no model, no engine. Each
family of rules is a file; its name heads every sentence it reports.
"""

from placer.verify.check import verify
from placer.verify.violation import Family, Violation

__all__ = ["Family", "Violation", "verify"]
