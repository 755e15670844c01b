from devtools.update.sources.changelog import between

FORMER = "# Changelog\n\n## Unreleased\n\n### Added\n\n- One.\n\n## 0.1.0\n\n- Zero.\n"


def test_the_sections_of_later_versions_are_told_newest_first():
    later = FORMER.replace("## Unreleased", "## Unreleased\n\n## 0.3.0\n\n- Three.\n\n## 0.2.0\n\n### Added\n\n- One.")
    assert between(FORMER, later.replace("\n\n### Added\n\n- One.\n\n## 0.1.0", "\n\n## 0.1.0")) == (
        "## 0.3.0\n\n- Three.\n\n## 0.2.0\n\n### Added\n\n- One."
    )


def test_of_a_section_that_both_have_the_new_lines_are_told():
    assert between(FORMER, FORMER.replace("- One.\n", "- One.\n- Two.\n")) == "## Unreleased\n- Two."


def test_nothing_new_is_nothing():
    assert between(FORMER, FORMER) == ""
