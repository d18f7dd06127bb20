import java.io.File;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;

/** Names each PDF file on a line, and below it each rule of PDF/UA-1 that it breaks, indented by two. */
public class Vera {
    public static void main(String[] files) throws Exception {
        Logger.getLogger("").setLevel(Level.OFF);
        VeraGreenfieldFoundryProvider.initialise();
        var rules = PDFAFlavour.PDFUA_1;
        for (var file : files) {
            try (var parser = Foundries.defaultInstance().createParser(new File(file), rules)) {
                var result = Foundries.defaultInstance().createValidator(rules, false).validate(parser);
                System.out.println(file);
                var broken = new TreeSet<String>();
                for (var each : result.getTestAssertions()) {
                    var rule = each.getRuleId();
                    broken.add("  " + rule.getClause() + "-" + rule.getTestNumber() + " " + each.getMessage());
                }
                if (!result.isCompliant() && broken.isEmpty()) {
                    throw new IllegalStateException(file + " does not comply, and no rule is named");
                }
                broken.forEach(System.out::println);
            }
        }
    }
}
