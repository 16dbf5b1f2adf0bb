package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.act.NftSettings.Hook;
import org.postbane.act.NftSettings.Verdict;

class NftSettingsTest {

    @Test
    void defaults_areThoseOfTheManual() {
        NftSettings settings = NftSettings.defaults("nftables");

        assertEquals(
                new NftSettings(
                        "nftables",
                        "postbane",
                        Hook.PREROUTING,
                        "raw",
                        List.of(25, 465, 587),
                        List.of(),
                        NftVerdict.DROP),
                settings);
    }

    @Test
    void ports_betweenCommasAndBlanks_areRead() {
        assertEquals(List.of(25, 465, 587), NftSettings.ports("25,465, 587 25"));
        assertEquals(List.of(), NftSettings.ports(" all "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "smtp", "25,,26", "25;drop", "123456", "-1"})
    void ports_thatAreNone_areRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> NftSettings.ports(text));
    }

    @Test
    void port_outOfRange_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> with("postbane", "raw", List.of(65536)));
        assertThrows(IllegalArgumentException.class, () -> with("postbane", "raw", List.of(0)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "x; flush ruleset", "9a", "a_bridge", "inet postbane"})
    void table_thatIsNoName_isRefused(String table) {
        assertThrows(IllegalArgumentException.class, () -> with(table, "raw", List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "filter - 10", "mangle+5", "-300", "0", "security"})
    void priority_ofNft_isTaken(String priority) {
        assertEquals(priority, with("t", priority, List.of()).priority());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "early", "raw; }", "raw - x", "1e3"})
    void priority_ofNobody_isRefused(String priority) {
        assertThrows(IllegalArgumentException.class, () -> with("t", priority, List.of()));
    }

    @Test
    void words_asNftWritesThem_areRead() {
        assertEquals(Hook.INPUT, Hook.parse("input"));
        assertEquals(Verdict.REJECT, Verdict.parse("reject"));
        assertThrows(IllegalArgumentException.class, () -> Hook.parse("output"));
        assertThrows(IllegalArgumentException.class, () -> Verdict.parse("DROP"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "drop",
                "reject",
                "reject tcp-reset",
                "reject admin-prohibited",
                "limit 10/minute",
                "redirect 2525"
            })
    void verdict_ofNft_isRead(String text) {
        NftVerdict verdict = NftVerdict.parse(text);

        assertEquals(text, (verdict.kind().name().toLowerCase(Locale.ROOT) + " " + verdict.detail()).strip());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "DROP",
                "drop all",
                "reject with tcp reset",
                "reject nobody",
                "limit",
                "limit 0/minute",
                "limit 10",
                "limit 9/week",
                "redirect",
                "redirect 0",
                "redirect 65536",
                "redirect 25; drop",
                "accept"
            })
    void verdict_ofNobody_isRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> NftVerdict.parse(text));
    }

    @Test
    void verdict_thatNeedsPorts_isRefusedForAll() {
        for (String text : List.of("limit 10/minute", "redirect 2525")) {
            NftVerdict verdict = NftVerdict.parse(text);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new NftSettings("n", "t", Hook.INPUT, "raw", List.of(), List.of(), verdict));
        }
    }

    @Test
    void interfaces_namesOfTheKernel_areRead() {
        assertEquals(List.of("eth0", "br-lan", "eth0.12"), NftSettings.interfaces("eth0, br-lan eth0.12 eth0"));
        assertEquals(List.of(), NftSettings.interfaces("all"));
        for (String bad : List.of("", "eth0,,eth1", "a234567890123456", "x\"; drop", "-a", "ppp*")) {
            assertThrows(IllegalArgumentException.class, () -> NftSettings.interfaces(bad));
        }
    }

    private static NftSettings with(String table, String priority, List<Integer> ports) {
        return new NftSettings("nftables", table, Hook.PREROUTING, priority, ports, List.of(), NftVerdict.DROP);
    }
}
