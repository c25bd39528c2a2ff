"""Programs of the language, written at random: by Hypothesis for the tests, from a seed for the fuzzer."""
