"""The engines that answer a MappingProblem."""
