
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.Source;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The boundaries between squads. A test calls {@link #check(Path)} with the repository's root. */
public final class SquadBoundaries {
    private record Squad(List<Pattern> owned, List<Pattern> exposed, List<String> importers) {}

    private static final Map<String, Squad> SQUADS = new LinkedHashMap<>();

    /** Folder of the module, kind of sources, language of Gradle, source set of Gradle, class. */
    private static final Pattern BUILT =
            Pattern.compile("^(|.*/)(?:target/(test-)?classes|build/classes/(\\w+)/(\\w+))/(.+)$");

    static {
        // The squads.
    }

    private SquadBoundaries() {}

    /** Checks all classes that were built below the repository's root. */
    public static void check(Path repository) {
        check(repository, new ClassFileImporter().importPath(repository));
    }

    /** Checks these classes. */
    public static void check(Path repository, JavaClasses classes) {
        Path root = repository.toAbsolutePath().normalize();
        if (classes.stream().noneMatch(type -> SQUADS.values().stream().anyMatch(squad -> matches(squad.owned(), root, type)))) {
            throw new AssertionError("no class below " + root + " belongs to a squad: build the code first");
        }
        List<String> failures = new ArrayList<>();
        SQUADS.forEach((name, squad) -> {
            DescribedPredicate<JavaClass> exposed = predicate("public code of " + name, type -> matches(squad.exposed(), root, type));
            DescribedPredicate<JavaClass> internal = predicate(
                    "internals of " + name, type -> matches(squad.owned(), root, type) && !matches(squad.exposed(), root, type));
            DescribedPredicate<JavaClass> others = predicate("code of other squads", type -> isOfOther(name, List.of(), root, type));
            DescribedPredicate<JavaClass> undeclared = predicate(
                    "code of squads without a dependency on " + name, type -> isOfOther(name, squad.importers(), root, type));
            test(failures, classes, others, internal);
            test(failures, classes, undeclared, exposed);
        });
        if (!failures.isEmpty()) {
            throw new AssertionError(String.join("\n", failures));
        }
    }

    private static void test(
            List<String> failures, JavaClasses classes, DescribedPredicate<JavaClass> from, DescribedPredicate<JavaClass> to) {
        try {
            noClasses().that(from).should().dependOnClassesThat(to).allowEmptyShould(true).check(classes);
        } catch (AssertionError failure) {
            failures.add(failure.getMessage());
        }
    }

    private static boolean isOfOther(String name, List<String> except, Path root, JavaClass type) {
        return SQUADS.entrySet().stream().anyMatch(other -> !other.getKey().equals(name)
                && !except.contains(other.getKey())
                && matches(other.getValue().owned(), root, type));
    }

    private static DescribedPredicate<JavaClass> predicate(String description, java.util.function.Predicate<JavaClass> test) {
        return DescribedPredicate.describe(description, test);
    }

    private static boolean matches(List<Pattern> patterns, Path root, JavaClass type) {
        String path = sourcePath(root, type);
        return !path.isEmpty() && patterns.stream().anyMatch(pattern -> pattern.matcher(path).find());
    }

    /** The path of the source from the repository's root; empty if the class was not built there. */
    private static String sourcePath(Path root, JavaClass type) {
        Source source = type.getSource().orElse(null);
        if (source == null || !"file".equals(source.getUri().getScheme())) {
            return "";
        }
        Path file = Path.of(source.getUri()).normalize();
        if (!file.startsWith(root)) {
            return "";
        }
        Matcher built = BUILT.matcher(root.relativize(file).toString().replace('\\', '/'));
        if (!built.matches()) {
            return "";
        }
        String name = source.getFileName().orElse(type.getSimpleName() + ".java");
        String language = built.group(3) != null ? built.group(3) : name.endsWith(".kt") ? "kotlin" : "java";
        String set = built.group(4) != null ? built.group(4) : built.group(2) != null ? "test" : "main";
        String folder = built.group(5).substring(0, built.group(5).lastIndexOf('/') + 1);
        return built.group(1) + "src/" + set + "/" + language + "/" + folder + name;
    }

    private static void squad(String name, List<String> owned, List<String> exposed, List<String> importers) {
        SQUADS.put(name, new Squad(
                owned.stream().map(Pattern::compile).toList(), exposed.stream().map(Pattern::compile).toList(), importers));
    }
}
