"""The CP-SAT model of a MappingProblem, one file a constraint family."""
