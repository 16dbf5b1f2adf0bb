package org.postbane;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Date;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arrows between our packages, who may touch which library, and who may ask the clock. Packages that are still empty pass. */
class ArrowsTest {

    private static final String OURS = "org.postbane";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(OURS);

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "nothing", textBlock = """
            model     | nothing
            host      | nothing
            source    | model host
            parse     | model source
            correlate | model parse
            record    | model host correlate
            score     | model correlate
            decide    | model score
            act       | model host decide
            store     | model source correlate record score decide
            config    | model host source parse correlate record score decide act store
            daemon    | model host source parse correlate record score decide act store config
            cli       | model host source parse correlate record score decide act store config daemon
            client    | nothing
            """)
    void stage_importsOnly(String stage, String allowed) {
        String[] mayImport = packages(stage + (allowed == null ? "" : " " + allowed));

        noClasses()
                .that()
                .resideInAnyPackage(packages(stage))
                .should()
                .dependOnClassesThat(resideInAPackage(OURS + "..").and(not(resideInAnyPackage(mayImport))))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void package_ofOurs_standsInTheTable() {
        classes()
                .should()
                .resideInAnyPackage(Stream.concat(
                                Stream.of(OURS),
                                Arrays.stream(packages("model host source parse correlate record score decide act store"
                                        + " config daemon cli client")))
                        .toArray(String[]::new))
                .check(CLASSES);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            org.ini4j               | config
            picocli                 | cli
            com.fasterxml.jackson   | cli
            com.sun.jna             | host
            org.apache.commons.exec | host
            io.airlift              | source
            com.google.re2j         | parse
            org.h2                  | store
            inet.ipaddr             | model
            ch.qos.logback          | daemon cli
            org.slf4j               | source parse correlate record score decide act store config daemon cli
            """)
    void library_entersOnly(String library, String stages) {
        noClasses()
                .that()
                .resideOutsideOfPackages(packages(stages))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library + "..")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void client_loadsNoLibrary() {
        classes()
                .that()
                .resideInAnyPackage(packages("client"))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        OURS + ".client", "java..", "org.jspecify.annotations")) // not there when it runs
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void stage_belowDaemon_neverAsksTheClock() {
        noClasses()
                .that()
                .resideInAnyPackage(packages("model host source parse correlate record score decide act store config"))
                .should()
                .accessTargetWhere(asksTheClock())
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void classes_wereFound() {
        assertTrue(CLASSES.contain(OURS + ".model.IpPrefix"), "or all the rules above hold for nothing");
    }

    private static String[] packages(String names) {
        return Arrays.stream(names.split(" "))
                .map(name -> OURS + "." + name + "..")
                .toArray(String[]::new);
    }

    /** Calls and method references: {@code Instant.now()} and its kin, {@code Clock.system*}, {@code new Date()}. */
    private static DescribedPredicate<JavaAccess<?>> asksTheClock() {
        return DescribedPredicate.describe("it asks the clock", access -> {
            String owner = access.getTargetOwner().getName();
            String name = access.getName();
            if (owner.equals(System.class.getName())) {
                return name.equals("currentTimeMillis");
            }
            if (owner.equals(Date.class.getName())) {
                return name.equals("<init>") && access.getTarget().getFullName().endsWith("()");
            }
            return owner.startsWith("java.time.")
                    && !owner.equals(ZoneId.class.getName()) // systemDefault() is a setting, not the time
                    && (name.equals("now") || name.startsWith("system") || name.startsWith("tick"));
        });
    }
}
