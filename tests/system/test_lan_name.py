"""What is told to the network; the telling itself needs one, which a test does not use."""

import socket

from broadcaster.system.mdns import LanName, own_address, service


def test_the_page_is_told_by_host_name_address_and_port() -> None:
    told = service("broadcaster", "石盆村", "192.0.2.7", 8000)
    assert told.server == "broadcaster.local."
    assert told.name == "石盆村._http._tcp.local."
    assert (told.addresses, told.port) == ([socket.inet_aton("192.0.2.7")], 8000)


def test_a_long_or_dotted_name_of_the_station_still_is_one() -> None:
    told = service("broadcaster", "很长的村名" * 20 + ".", "192.0.2.7", 8000)
    assert len(told.name.removesuffix("._http._tcp.local.").encode()) <= 63
    assert service("b", "a.b", "192.0.2.7", 1).name == "a b._http._tcp.local."


def test_this_machine_has_an_address_of_its_own() -> None:
    assert socket.inet_aton(own_address())


def test_a_name_that_was_never_told_is_taken_back_without_fuss() -> None:
    name = LanName("broadcaster", "石盆村", 8000)
    name.wake()
    name.close()
