// "Linformer" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "tokens": i32[1, 512]
// weight "tok": f32[256, 128]
// weight "pos": f32[512, 128]
// weight "E": f32[64, 512]
// weight "gain": f32[128]
// weight "bias": f32[128]
// weight "Encoder.0.wq": f32[4, 128, 32]
// weight "Encoder.0.wk": f32[4, 128, 32]
// weight "Encoder.0.wv": f32[4, 128, 32]
// weight "Encoder.0.wo": f32[4, 32, 128]
// weight "Encoder.0.g1": f32[128]
// weight "Encoder.0.g2": f32[128]
// weight "Encoder.0.b1": f32[128]
// weight "Encoder.0.b2": f32[128]
// weight "Encoder.0.c2": f32[128]
// weight "Encoder.0.c1": f32[512]
// weight "Encoder.0.w1": f32[128, 512]
// weight "Encoder.0.w2": f32[512, 128]
// weight "Encoder.1.wq": f32[4, 128, 32]
// weight "Encoder.1.wk": f32[4, 128, 32]
// weight "Encoder.1.wv": f32[4, 128, 32]
// weight "Encoder.1.wo": f32[4, 32, 128]
// weight "Encoder.1.g1": f32[128]
// weight "Encoder.1.g2": f32[128]
// weight "Encoder.1.b1": f32[128]
// weight "Encoder.1.b2": f32[128]
// weight "Encoder.1.c2": f32[128]
// weight "Encoder.1.c1": f32[512]
// weight "Encoder.1.w1": f32[128, 512]
// weight "Encoder.1.w2": f32[512, 128]
// weight "Encoder.2.wq": f32[4, 128, 32]
// weight "Encoder.2.wk": f32[4, 128, 32]
// weight "Encoder.2.wv": f32[4, 128, 32]
// weight "Encoder.2.wo": f32[4, 32, 128]
// weight "Encoder.2.g1": f32[128]
// weight "Encoder.2.g2": f32[128]
// weight "Encoder.2.b1": f32[128]
// weight "Encoder.2.b2": f32[128]
// weight "Encoder.2.c2": f32[128]
// weight "Encoder.2.c1": f32[512]
// weight "Encoder.2.w1": f32[128, 512]
// weight "Encoder.2.w2": f32[512, 128]
// weight "Encoder.3.wq": f32[4, 128, 32]
// weight "Encoder.3.wk": f32[4, 128, 32]
// weight "Encoder.3.wv": f32[4, 128, 32]
// weight "Encoder.3.wo": f32[4, 32, 128]
// weight "Encoder.3.g1": f32[128]
// weight "Encoder.3.g2": f32[128]
// weight "Encoder.3.b1": f32[128]
// weight "Encoder.3.b2": f32[128]
// weight "Encoder.3.c2": f32[128]
// weight "Encoder.3.c1": f32[512]
// weight "Encoder.3.w1": f32[128, 512]
// weight "Encoder.3.w2": f32[512, 128]
// output "embedding": f32[1, 128]
export function model(tf, weights) {
  const w_tok = weights.tok;
  const w_pos = weights.pos;
  const w_E = weights.E;
  const w_gain = weights.gain;
  const w_bias = weights.bias;
  const w_Encoder_0_wq = weights["Encoder.0.wq"];
  const w_Encoder_0_wk = weights["Encoder.0.wk"];
  const w_Encoder_0_wv = weights["Encoder.0.wv"];
  const w_Encoder_0_wo = weights["Encoder.0.wo"];
  const w_Encoder_0_g1 = weights["Encoder.0.g1"];
  const w_Encoder_0_g2 = weights["Encoder.0.g2"];
  const w_Encoder_0_b1 = weights["Encoder.0.b1"];
  const w_Encoder_0_b2 = weights["Encoder.0.b2"];
  const w_Encoder_0_c2 = weights["Encoder.0.c2"];
  const w_Encoder_0_c1 = weights["Encoder.0.c1"];
  const w_Encoder_0_w1 = weights["Encoder.0.w1"];
  const w_Encoder_0_w2 = weights["Encoder.0.w2"];
  const w_Encoder_1_wq = weights["Encoder.1.wq"];
  const w_Encoder_1_wk = weights["Encoder.1.wk"];
  const w_Encoder_1_wv = weights["Encoder.1.wv"];
  const w_Encoder_1_wo = weights["Encoder.1.wo"];
  const w_Encoder_1_g1 = weights["Encoder.1.g1"];
  const w_Encoder_1_g2 = weights["Encoder.1.g2"];
  const w_Encoder_1_b1 = weights["Encoder.1.b1"];
  const w_Encoder_1_b2 = weights["Encoder.1.b2"];
  const w_Encoder_1_c2 = weights["Encoder.1.c2"];
  const w_Encoder_1_c1 = weights["Encoder.1.c1"];
  const w_Encoder_1_w1 = weights["Encoder.1.w1"];
  const w_Encoder_1_w2 = weights["Encoder.1.w2"];
  const w_Encoder_2_wq = weights["Encoder.2.wq"];
  const w_Encoder_2_wk = weights["Encoder.2.wk"];
  const w_Encoder_2_wv = weights["Encoder.2.wv"];
  const w_Encoder_2_wo = weights["Encoder.2.wo"];
  const w_Encoder_2_g1 = weights["Encoder.2.g1"];
  const w_Encoder_2_g2 = weights["Encoder.2.g2"];
  const w_Encoder_2_b1 = weights["Encoder.2.b1"];
  const w_Encoder_2_b2 = weights["Encoder.2.b2"];
  const w_Encoder_2_c2 = weights["Encoder.2.c2"];
  const w_Encoder_2_c1 = weights["Encoder.2.c1"];
  const w_Encoder_2_w1 = weights["Encoder.2.w1"];
  const w_Encoder_2_w2 = weights["Encoder.2.w2"];
  const w_Encoder_3_wq = weights["Encoder.3.wq"];
  const w_Encoder_3_wk = weights["Encoder.3.wk"];
  const w_Encoder_3_wv = weights["Encoder.3.wv"];
  const w_Encoder_3_wo = weights["Encoder.3.wo"];
  const w_Encoder_3_g1 = weights["Encoder.3.g1"];
  const w_Encoder_3_g2 = weights["Encoder.3.g2"];
  const w_Encoder_3_b1 = weights["Encoder.3.b1"];
  const w_Encoder_3_b2 = weights["Encoder.3.b2"];
  const w_Encoder_3_c2 = weights["Encoder.3.c2"];
  const w_Encoder_3_c1 = weights["Encoder.3.c1"];
  const w_Encoder_3_w1 = weights["Encoder.3.w1"];
  const w_Encoder_3_w2 = weights["Encoder.3.w2"];
  // computed once, from weights and constants
  const [t7, t11, t15, t21, t29, t45, t52, t58, t66, t82, t89, t95, t103, t119, t126, t132, t140] = tf.tidy(() => {
    const t6 = tf.transpose(w_Encoder_0_wq, [1, 0, 2]);
    const t7 = tf.reshape(t6, [128, 128]);
    const t11 = tf.reshape(w_E, [1, 64, 512]);
    const t14 = tf.transpose(w_Encoder_0_wk, [1, 0, 2]);
    const t15 = tf.reshape(t14, [128, 128]);
    const t20 = tf.transpose(w_Encoder_0_wv, [1, 0, 2]);
    const t21 = tf.reshape(t20, [128, 128]);
    const t28 = tf.reshape(w_Encoder_0_wo, [128, 128]);
    const t29 = tf.slice(t28, 0);
    const t44 = tf.transpose(w_Encoder_1_wq, [1, 0, 2]);
    const t45 = tf.reshape(t44, [128, 128]);
    const t51 = tf.transpose(w_Encoder_1_wk, [1, 0, 2]);
    const t52 = tf.reshape(t51, [128, 128]);
    const t57 = tf.transpose(w_Encoder_1_wv, [1, 0, 2]);
    const t58 = tf.reshape(t57, [128, 128]);
    const t65 = tf.reshape(w_Encoder_1_wo, [128, 128]);
    const t66 = tf.slice(t65, 0);
    const t81 = tf.transpose(w_Encoder_2_wq, [1, 0, 2]);
    const t82 = tf.reshape(t81, [128, 128]);
    const t88 = tf.transpose(w_Encoder_2_wk, [1, 0, 2]);
    const t89 = tf.reshape(t88, [128, 128]);
    const t94 = tf.transpose(w_Encoder_2_wv, [1, 0, 2]);
    const t95 = tf.reshape(t94, [128, 128]);
    const t102 = tf.reshape(w_Encoder_2_wo, [128, 128]);
    const t103 = tf.slice(t102, 0);
    const t118 = tf.transpose(w_Encoder_3_wq, [1, 0, 2]);
    const t119 = tf.reshape(t118, [128, 128]);
    const t125 = tf.transpose(w_Encoder_3_wk, [1, 0, 2]);
    const t126 = tf.reshape(t125, [128, 128]);
    const t131 = tf.transpose(w_Encoder_3_wv, [1, 0, 2]);
    const t132 = tf.reshape(t131, [128, 128]);
    const t139 = tf.reshape(w_Encoder_3_wo, [128, 128]);
    const t140 = tf.slice(t139, 0);
    return [t7, t11, t15, t21, t29, t45, t52, t58, t66, t82, t89, t95, t103, t119, t126, t132, t140];
  });
  const run = (inputs) =>
    tf.tidy(() => {
      const in_tokens = inputs.tokens;
      // linformer.lf:61
      const t1 = tf.minimum(tf.maximum(in_tokens, tf.scalar(0, "int32")), tf.scalar(255, "int32"));
      const t2 = tf.gather(w_tok, t1, 0);
      const v_x = tf.add(t2, w_pos);
      tf.dispose([t1, t2]);
      // linformer.lf:16
      const v19 = tf.sum(v_x, [2]);
      const v_mu = tf.mul(v19, 0.0078125);
      tf.dispose([v19]);
      // linformer.lf:17
      const t3 = tf.reshape(v_mu, [1, 512, 1]);
      const v21 = tf.square(tf.sub(v_x, t3));
      tf.dispose([v_mu]);
      const v22 = tf.sum(v21, [2]);
      tf.dispose([v21]);
      const v_var = tf.mul(v22, 0.0078125);
      tf.dispose([v22]);
      // linformer.lf:18
      const t4 = tf.reshape(v_var, [1, 512, 1]);
      const v_y = tf.add(tf.mul(tf.mul(tf.sub(v_x, t3), tf.rsqrt(tf.add(t4, 0.00001))), w_Encoder_0_g1), w_Encoder_0_b1);
      tf.dispose([t3, v_var, t4]);
      // linformer.lf:26
      const t5 = tf.reshape(v_y, [512, 128]);
      const t8 = tf.matMul(t5, t7);
      const t9 = tf.reshape(t8, [1, 512, 4, 32]);
      const v_q = tf.transpose(t9, [0, 2, 1, 3]);
      tf.dispose([t5, t8, t9]);
      // linformer.lf:29
      const v26 = tf.matMul(t11, v_y);
      tf.dispose([v_y]);
      // linformer.lf:27
      const t13 = tf.reshape(v26, [64, 128]);
      const t16 = tf.matMul(t13, t15);
      const t17 = tf.reshape(t16, [1, 64, 4, 32]);
      const v_keys = tf.transpose(t17, [0, 2, 1, 3]);
      tf.dispose([v26, t16, t17]);
      // linformer.lf:29
      const v28 = tf.matMul(v_q, v_keys, false, true);
      tf.dispose([v_q, v_keys]);
      const v29 = tf.div(v28, 5.656854249492381);
      tf.dispose([v28]);
      const v_p = tf.softmax(v29);
      tf.dispose([v29]);
      // linformer.lf:28
      const t22 = tf.matMul(t13, t21);
      const t23 = tf.reshape(t22, [1, 64, 4, 32]);
      const v_vals = tf.transpose(t23, [0, 2, 1, 3]);
      tf.dispose([t13, t22, t23]);
      // linformer.lf:30
      const v_o = tf.matMul(v_p, v_vals);
      tf.dispose([v_p, v_vals]);
      // linformer.lf:46
      const t26 = tf.transpose(v_o, [0, 2, 1, 3]);
      const t27 = tf.reshape(t26, [512, 128]);
      const t30 = tf.matMul(t27, t29);
      const v33 = tf.reshape(t30, [1, 512, 128]);
      tf.dispose([v_o, t26, t27, t30]);
      const v_a = tf.add(v_x, v33);
      tf.dispose([v_x, v33]);
      // linformer.lf:16
      const v35 = tf.sum(v_a, [2]);
      const v_mu_2 = tf.mul(v35, 0.0078125);
      tf.dispose([v35]);
      // linformer.lf:17
      const t32 = tf.reshape(v_mu_2, [1, 512, 1]);
      const v37 = tf.square(tf.sub(v_a, t32));
      tf.dispose([v_mu_2]);
      const v38 = tf.sum(v37, [2]);
      tf.dispose([v37]);
      const v_var_2 = tf.mul(v38, 0.0078125);
      tf.dispose([v38]);
      // linformer.lf:18
      const t33 = tf.reshape(v_var_2, [1, 512, 1]);
      const v_y_2 = tf.add(tf.mul(tf.mul(tf.sub(v_a, t32), tf.rsqrt(tf.add(t33, 0.00001))), w_Encoder_0_g2), w_Encoder_0_b2);
      tf.dispose([t32, v_var_2, t33]);
      // linformer.lf:48
      const t34 = tf.reshape(v_y_2, [512, 128]);
      const t35 = tf.matMul(t34, w_Encoder_0_w1);
      const v41 = tf.reshape(t35, [1, 512, 512]);
      tf.dispose([v_y_2, t34, t35]);
      const t37 = tf.add(w_Encoder_0_c1, v41);
      const v_hid = tf.mul(tf.mul(t37, 0.5), tf.add(tf.erf(tf.mul(t37, Math.SQRT1_2)), 1));
      tf.dispose([v41, t37]);
      // linformer.lf:49
      const t38 = tf.reshape(v_hid, [512, 512]);
      const t39 = tf.matMul(t38, w_Encoder_0_w2);
      const v43 = tf.reshape(t39, [1, 512, 128]);
      tf.dispose([v_hid, t38, t39]);
      const v_y_3 = tf.add(tf.add(v_a, w_Encoder_0_c2), v43);
      tf.dispose([v_a, v43]);
      // linformer.lf:16
      const v57 = tf.sum(v_y_3, [2]);
      const v_mu_3 = tf.mul(v57, 0.0078125);
      tf.dispose([v57]);
      // linformer.lf:17
      const t41 = tf.reshape(v_mu_3, [1, 512, 1]);
      const v59 = tf.square(tf.sub(v_y_3, t41));
      tf.dispose([v_mu_3]);
      const v60 = tf.sum(v59, [2]);
      tf.dispose([v59]);
      const v_var_3 = tf.mul(v60, 0.0078125);
      tf.dispose([v60]);
      // linformer.lf:18
      const t42 = tf.reshape(v_var_3, [1, 512, 1]);
      const v_y_4 = tf.add(tf.mul(tf.mul(tf.sub(v_y_3, t41), tf.rsqrt(tf.add(t42, 0.00001))), w_Encoder_1_g1), w_Encoder_1_b1);
      tf.dispose([t41, v_var_3, t42]);
      // linformer.lf:26
      const t43 = tf.reshape(v_y_4, [512, 128]);
      const t46 = tf.matMul(t43, t45);
      const t47 = tf.reshape(t46, [1, 512, 4, 32]);
      const v_q_2 = tf.transpose(t47, [0, 2, 1, 3]);
      tf.dispose([t43, t46, t47]);
      // linformer.lf:29
      const v64 = tf.matMul(t11, v_y_4);
      tf.dispose([v_y_4]);
      // linformer.lf:27
      const t50 = tf.reshape(v64, [64, 128]);
      const t53 = tf.matMul(t50, t52);
      const t54 = tf.reshape(t53, [1, 64, 4, 32]);
      const v_keys_2 = tf.transpose(t54, [0, 2, 1, 3]);
      tf.dispose([v64, t53, t54]);
      // linformer.lf:29
      const v66 = tf.matMul(v_q_2, v_keys_2, false, true);
      tf.dispose([v_q_2, v_keys_2]);
      const v67 = tf.div(v66, 5.656854249492381);
      tf.dispose([v66]);
      const v_p_2 = tf.softmax(v67);
      tf.dispose([v67]);
      // linformer.lf:28
      const t59 = tf.matMul(t50, t58);
      const t60 = tf.reshape(t59, [1, 64, 4, 32]);
      const v_vals_2 = tf.transpose(t60, [0, 2, 1, 3]);
      tf.dispose([t50, t59, t60]);
      // linformer.lf:30
      const v_o_2 = tf.matMul(v_p_2, v_vals_2);
      tf.dispose([v_p_2, v_vals_2]);
      // linformer.lf:46
      const t63 = tf.transpose(v_o_2, [0, 2, 1, 3]);
      const t64 = tf.reshape(t63, [512, 128]);
      const t67 = tf.matMul(t64, t66);
      const v71 = tf.reshape(t67, [1, 512, 128]);
      tf.dispose([v_o_2, t63, t64, t67]);
      const v_a_2 = tf.add(v_y_3, v71);
      tf.dispose([v_y_3, v71]);
      // linformer.lf:16
      const v73 = tf.sum(v_a_2, [2]);
      const v_mu_4 = tf.mul(v73, 0.0078125);
      tf.dispose([v73]);
      // linformer.lf:17
      const t69 = tf.reshape(v_mu_4, [1, 512, 1]);
      const v75 = tf.square(tf.sub(v_a_2, t69));
      tf.dispose([v_mu_4]);
      const v76 = tf.sum(v75, [2]);
      tf.dispose([v75]);
      const v_var_4 = tf.mul(v76, 0.0078125);
      tf.dispose([v76]);
      // linformer.lf:18
      const t70 = tf.reshape(v_var_4, [1, 512, 1]);
      const v_y_5 = tf.add(tf.mul(tf.mul(tf.sub(v_a_2, t69), tf.rsqrt(tf.add(t70, 0.00001))), w_Encoder_1_g2), w_Encoder_1_b2);
      tf.dispose([t69, v_var_4, t70]);
      // linformer.lf:48
      const t71 = tf.reshape(v_y_5, [512, 128]);
      const t72 = tf.matMul(t71, w_Encoder_1_w1);
      const v79 = tf.reshape(t72, [1, 512, 512]);
      tf.dispose([v_y_5, t71, t72]);
      const t74 = tf.add(w_Encoder_1_c1, v79);
      const v_hid_2 = tf.mul(tf.mul(t74, 0.5), tf.add(tf.erf(tf.mul(t74, Math.SQRT1_2)), 1));
      tf.dispose([v79, t74]);
      // linformer.lf:49
      const t75 = tf.reshape(v_hid_2, [512, 512]);
      const t76 = tf.matMul(t75, w_Encoder_1_w2);
      const v81 = tf.reshape(t76, [1, 512, 128]);
      tf.dispose([v_hid_2, t75, t76]);
      const v_y_6 = tf.add(tf.add(v_a_2, w_Encoder_1_c2), v81);
      tf.dispose([v_a_2, v81]);
      // linformer.lf:16
      const v95 = tf.sum(v_y_6, [2]);
      const v_mu_5 = tf.mul(v95, 0.0078125);
      tf.dispose([v95]);
      // linformer.lf:17
      const t78 = tf.reshape(v_mu_5, [1, 512, 1]);
      const v97 = tf.square(tf.sub(v_y_6, t78));
      tf.dispose([v_mu_5]);
      const v98 = tf.sum(v97, [2]);
      tf.dispose([v97]);
      const v_var_5 = tf.mul(v98, 0.0078125);
      tf.dispose([v98]);
      // linformer.lf:18
      const t79 = tf.reshape(v_var_5, [1, 512, 1]);
      const v_y_7 = tf.add(tf.mul(tf.mul(tf.sub(v_y_6, t78), tf.rsqrt(tf.add(t79, 0.00001))), w_Encoder_2_g1), w_Encoder_2_b1);
      tf.dispose([t78, v_var_5, t79]);
      // linformer.lf:26
      const t80 = tf.reshape(v_y_7, [512, 128]);
      const t83 = tf.matMul(t80, t82);
      const t84 = tf.reshape(t83, [1, 512, 4, 32]);
      const v_q_3 = tf.transpose(t84, [0, 2, 1, 3]);
      tf.dispose([t80, t83, t84]);
      // linformer.lf:29
      const v102 = tf.matMul(t11, v_y_7);
      tf.dispose([v_y_7]);
      // linformer.lf:27
      const t87 = tf.reshape(v102, [64, 128]);
      const t90 = tf.matMul(t87, t89);
      const t91 = tf.reshape(t90, [1, 64, 4, 32]);
      const v_keys_3 = tf.transpose(t91, [0, 2, 1, 3]);
      tf.dispose([v102, t90, t91]);
      // linformer.lf:29
      const v104 = tf.matMul(v_q_3, v_keys_3, false, true);
      tf.dispose([v_q_3, v_keys_3]);
      const v105 = tf.div(v104, 5.656854249492381);
      tf.dispose([v104]);
      const v_p_3 = tf.softmax(v105);
      tf.dispose([v105]);
      // linformer.lf:28
      const t96 = tf.matMul(t87, t95);
      const t97 = tf.reshape(t96, [1, 64, 4, 32]);
      const v_vals_3 = tf.transpose(t97, [0, 2, 1, 3]);
      tf.dispose([t87, t96, t97]);
      // linformer.lf:30
      const v_o_3 = tf.matMul(v_p_3, v_vals_3);
      tf.dispose([v_p_3, v_vals_3]);
      // linformer.lf:46
      const t100 = tf.transpose(v_o_3, [0, 2, 1, 3]);
      const t101 = tf.reshape(t100, [512, 128]);
      const t104 = tf.matMul(t101, t103);
      const v109 = tf.reshape(t104, [1, 512, 128]);
      tf.dispose([v_o_3, t100, t101, t104]);
      const v_a_3 = tf.add(v_y_6, v109);
      tf.dispose([v_y_6, v109]);
      // linformer.lf:16
      const v111 = tf.sum(v_a_3, [2]);
      const v_mu_6 = tf.mul(v111, 0.0078125);
      tf.dispose([v111]);
      // linformer.lf:17
      const t106 = tf.reshape(v_mu_6, [1, 512, 1]);
      const v113 = tf.square(tf.sub(v_a_3, t106));
      tf.dispose([v_mu_6]);
      const v114 = tf.sum(v113, [2]);
      tf.dispose([v113]);
      const v_var_6 = tf.mul(v114, 0.0078125);
      tf.dispose([v114]);
      // linformer.lf:18
      const t107 = tf.reshape(v_var_6, [1, 512, 1]);
      const v_y_8 = tf.add(tf.mul(tf.mul(tf.sub(v_a_3, t106), tf.rsqrt(tf.add(t107, 0.00001))), w_Encoder_2_g2), w_Encoder_2_b2);
      tf.dispose([t106, v_var_6, t107]);
      // linformer.lf:48
      const t108 = tf.reshape(v_y_8, [512, 128]);
      const t109 = tf.matMul(t108, w_Encoder_2_w1);
      const v117 = tf.reshape(t109, [1, 512, 512]);
      tf.dispose([v_y_8, t108, t109]);
      const t111 = tf.add(w_Encoder_2_c1, v117);
      const v_hid_3 = tf.mul(tf.mul(t111, 0.5), tf.add(tf.erf(tf.mul(t111, Math.SQRT1_2)), 1));
      tf.dispose([v117, t111]);
      // linformer.lf:49
      const t112 = tf.reshape(v_hid_3, [512, 512]);
      const t113 = tf.matMul(t112, w_Encoder_2_w2);
      const v119 = tf.reshape(t113, [1, 512, 128]);
      tf.dispose([v_hid_3, t112, t113]);
      const v_y_9 = tf.add(tf.add(v_a_3, w_Encoder_2_c2), v119);
      tf.dispose([v_a_3, v119]);
      // linformer.lf:16
      const v133 = tf.sum(v_y_9, [2]);
      const v_mu_7 = tf.mul(v133, 0.0078125);
      tf.dispose([v133]);
      // linformer.lf:17
      const t115 = tf.reshape(v_mu_7, [1, 512, 1]);
      const v135 = tf.square(tf.sub(v_y_9, t115));
      tf.dispose([v_mu_7]);
      const v136 = tf.sum(v135, [2]);
      tf.dispose([v135]);
      const v_var_7 = tf.mul(v136, 0.0078125);
      tf.dispose([v136]);
      // linformer.lf:18
      const t116 = tf.reshape(v_var_7, [1, 512, 1]);
      const v_y_10 = tf.add(tf.mul(tf.mul(tf.sub(v_y_9, t115), tf.rsqrt(tf.add(t116, 0.00001))), w_Encoder_3_g1), w_Encoder_3_b1);
      tf.dispose([t115, v_var_7, t116]);
      // linformer.lf:26
      const t117 = tf.reshape(v_y_10, [512, 128]);
      const t120 = tf.matMul(t117, t119);
      const t121 = tf.reshape(t120, [1, 512, 4, 32]);
      const v_q_4 = tf.transpose(t121, [0, 2, 1, 3]);
      tf.dispose([t117, t120, t121]);
      // linformer.lf:29
      const v140 = tf.matMul(t11, v_y_10);
      tf.dispose([v_y_10]);
      // linformer.lf:27
      const t124 = tf.reshape(v140, [64, 128]);
      const t127 = tf.matMul(t124, t126);
      const t128 = tf.reshape(t127, [1, 64, 4, 32]);
      const v_keys_4 = tf.transpose(t128, [0, 2, 1, 3]);
      tf.dispose([v140, t127, t128]);
      // linformer.lf:29
      const v142 = tf.matMul(v_q_4, v_keys_4, false, true);
      tf.dispose([v_q_4, v_keys_4]);
      const v143 = tf.div(v142, 5.656854249492381);
      tf.dispose([v142]);
      const v_p_4 = tf.softmax(v143);
      tf.dispose([v143]);
      // linformer.lf:28
      const t133 = tf.matMul(t124, t132);
      const t134 = tf.reshape(t133, [1, 64, 4, 32]);
      const v_vals_4 = tf.transpose(t134, [0, 2, 1, 3]);
      tf.dispose([t124, t133, t134]);
      // linformer.lf:30
      const v_o_4 = tf.matMul(v_p_4, v_vals_4);
      tf.dispose([v_p_4, v_vals_4]);
      // linformer.lf:46
      const t137 = tf.transpose(v_o_4, [0, 2, 1, 3]);
      const t138 = tf.reshape(t137, [512, 128]);
      const t141 = tf.matMul(t138, t140);
      const v147 = tf.reshape(t141, [1, 512, 128]);
      tf.dispose([v_o_4, t137, t138, t141]);
      const v_a_4 = tf.add(v_y_9, v147);
      tf.dispose([v_y_9, v147]);
      // linformer.lf:16
      const v149 = tf.sum(v_a_4, [2]);
      const v_mu_8 = tf.mul(v149, 0.0078125);
      tf.dispose([v149]);
      // linformer.lf:17
      const t143 = tf.reshape(v_mu_8, [1, 512, 1]);
      const v151 = tf.square(tf.sub(v_a_4, t143));
      tf.dispose([v_mu_8]);
      const v152 = tf.sum(v151, [2]);
      tf.dispose([v151]);
      const v_var_8 = tf.mul(v152, 0.0078125);
      tf.dispose([v152]);
      // linformer.lf:18
      const t144 = tf.reshape(v_var_8, [1, 512, 1]);
      const v_y_11 = tf.add(tf.mul(tf.mul(tf.sub(v_a_4, t143), tf.rsqrt(tf.add(t144, 0.00001))), w_Encoder_3_g2), w_Encoder_3_b2);
      tf.dispose([t143, v_var_8, t144]);
      // linformer.lf:48
      const t145 = tf.reshape(v_y_11, [512, 128]);
      const t146 = tf.matMul(t145, w_Encoder_3_w1);
      const v155 = tf.reshape(t146, [1, 512, 512]);
      tf.dispose([v_y_11, t145, t146]);
      const t148 = tf.add(w_Encoder_3_c1, v155);
      const v_hid_4 = tf.mul(tf.mul(t148, 0.5), tf.add(tf.erf(tf.mul(t148, Math.SQRT1_2)), 1));
      tf.dispose([v155, t148]);
      // linformer.lf:49
      const t149 = tf.reshape(v_hid_4, [512, 512]);
      const t150 = tf.matMul(t149, w_Encoder_3_w2);
      const v157 = tf.reshape(t150, [1, 512, 128]);
      tf.dispose([v_hid_4, t149, t150]);
      const v_y_12 = tf.add(tf.add(v_a_4, w_Encoder_3_c2), v157);
      tf.dispose([v_a_4, v157]);
      // linformer.lf:16
      const v159 = tf.sum(v_y_12, [2]);
      const v_mu_9 = tf.mul(v159, 0.0078125);
      tf.dispose([v159]);
      // linformer.lf:17
      const t152 = tf.reshape(v_mu_9, [1, 512, 1]);
      const v161 = tf.square(tf.sub(v_y_12, t152));
      tf.dispose([v_mu_9]);
      const v162 = tf.sum(v161, [2]);
      tf.dispose([v161]);
      const v_var_9 = tf.mul(v162, 0.0078125);
      tf.dispose([v162]);
      // linformer.lf:18
      const t153 = tf.reshape(v_var_9, [1, 512, 1]);
      const v_y_13 = tf.add(tf.mul(tf.mul(tf.sub(v_y_12, t152), tf.rsqrt(tf.add(t153, 0.00001))), w_gain), w_bias);
      tf.dispose([v_y_12, t152, v_var_9, t153]);
      // linformer.lf:64
      const v165 = tf.sum(v_y_13, [1]);
      tf.dispose([v_y_13]);
      const v_embedding = tf.mul(v165, 0.001953125);
      return { embedding: v_embedding };
    });
  const dispose = () => tf.dispose([t7, t11, t15, t21, t29, t45, t52, t58, t66, t82, t89, t95, t103, t119, t126, t132, t140]);
  return { run, dispose };
}
