import pytest

from devtools.template.names import Name
from devtools.template.replacing import in_columns, replacer

FORMER = Name("slipway", "Slipway")
NEW = Name("order-desk", "Order desk")


@pytest.mark.parametrize(
    ("former", "later"),
    [
        ("/etc/slipway/settings", "/etc/order-desk/settings"),
        ("slipway-web@blue.service", "order-desk-web@blue.service"),
        ("redis-server@slipway.service", "redis-server@order-desk.service"),
        ("Description=Slipway: the web service", "Description=Order desk: the web service"),
        ("registry.example.org/slipway:1.4.2", "registry.example.org/order-desk:1.4.2"),
        ("${SLIPWAY_IMAGE:-slipway}", "${ORDER_DESK_IMAGE:-order-desk}"),
        ("User=slipway_migrate", "User=order_desk_migrate"),
        (
            'GRANT CONNECT ON DATABASE "slipway" TO "slipway";',
            'GRANT CONNECT ON DATABASE "order-desk" TO "order-desk";',
        ),
        ("map $slipway_own $slipway_csp {", "map $order_desk_own $order_desk_csp {"),
        (
            '"~^(?<slipway_second>[^+]+)" "${slipway_second}Z"',
            '"~^(?<order_desk_second>[^+]+)" "${order_desk_second}Z"',
        ),
        ("log_format slipway if=$slipway", "log_format order-desk if=$order_desk"),
        ("store.slipway('backup')", "store.order_desk('backup')"),
        ("def slipway(self):", "def order_desk(self):"),
        ("index: logs-slipway-default", "index: logs-order_desk-default"),
        ('data_stream_dataset => "slipway"', 'data_stream_dataset => "order_desk"'),
        ("postgresql:///slipway?host=/run/postgresql", "postgresql:///order-desk?host=/run/postgresql"),
        ("slipways and shipslipway are other words", "slipways and shipslipway are other words"),
    ],
)
def test_each_place_gets_the_form_that_it_needs_and_has_its_own_back(former, later):
    assert replacer(FORMER, NEW)(former) == later
    assert replacer(NEW, FORMER)(later) == former


def test_what_stands_in_columns_goes_on_doing_so():
    former = ["slipway status          # it serves", "slipway release main    # next", "", "    in  slipway  x"]
    later = ["order-desk status       # it serves", "order-desk release main # next", "", "    in  order-desk  x"]
    later[1] = later[1].replace(" #", "  #")  # a column that has no room moves
    assert in_columns("\n".join(former), replacer(FORMER, NEW)) == "\n".join(later)


def test_an_empty_cell_of_a_table_stays_as_it_is():
    former = "| `SLIPWAY` |  | /etc/slipway/settings |  |"
    assert in_columns(former, replacer(FORMER, Name("ivy", "Ivy"))) == "| `IVY` |  | /etc/ivy/settings |  |"


def test_columns_come_back_too_where_there_was_room():
    former = "slipway status          # what serves\n| slipway | a cell |\n"
    there = in_columns(former, replacer(FORMER, NEW))
    assert in_columns(there, replacer(NEW, FORMER)) == former
