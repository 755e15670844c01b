from bench.measuring.rounds import Spread, differences, ratios, spread, take_turns


def test_the_middle_of_rounds_is_not_moved_by_one_that_was_disturbed():
    assert spread([10, 11, 12, 13, 900]) == Spread(12, 11, 13)


def test_a_single_round_has_no_spread():
    assert spread([7.0]) == Spread(7, 7, 7)


def test_ratios_are_taken_round_by_round():
    # Both halves of the run were disturbed, each contender alike.
    assert ratios([11, 110, 1_100], [10, 100, 1_000]) == Spread(1.1, 1.1, 1.1)


def test_differences_are_taken_round_by_round():
    assert differences([15, 105], [10, 100]).median == 5


def test_contenders_take_turns_and_none_is_always_the_first():
    called = []
    found = take_turns({name: lambda name=name: called.append(name) or name for name in "ab"}, 3)
    assert called == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": ["a"] * 3, "b": ["b"] * 3}
